import type { Random } from '../harness/random.ts'

/** Texts that have broken parsers before. */
const TEXTS = [
  '',
  ' ',
  '0',
  '-1',
  '1e400',
  'NaN',
  '9007199254740993001',
  '99999999999999999999999999999999',
  '__proto__',
  'constructor',
  'hasOwnProperty',
  '#text',
  '#cdata',
  ':@',
  '\u0000',
  'a\u0000b',
  '\ud800',
  '\udfff\ud800',
  '\ufeff',
  '\u202e表情😀\u200d',
  '𠮷'.repeat(40),
  ']]>',
  ']]]]><![CDATA[>',
  '&lol;',
  '&#0;',
  '&#xD800;',
  '&#x110000;',
  '&#99999999999999999999;',
  '&amp;&lt;&#38;',
  '<!DOCTYPE x [<!ENTITY a "b">]>',
  '<?xml version="1.0"?>',
  '<!--',
  '-->',
  '<![CDATA[',
  '{{ account.name }}',
  '{% for i in (1..99999999) %}x{% endfor %}',
  '%s%n%x',
  "'; DROP TABLE inbox; --",
  '../../etc/passwd',
  'true',
  'null',
  '[]',
  '{}',
]

/** Short texts that, when repeated, have caused excessive backtracking in parsers. */
const REPEATED = [
  '<',
  '<a>',
  '<a b="',
  '<![CDATA[',
  ']]>',
  '<!--',
  '--',
  '<?',
  '&',
  '&#',
  '&amp;',
  '"',
  '\\',
  '"\\',
  '1',
  '-',
  '[',
  '{"a":',
  '{',
  ' ',
  '\n',
  'ａ',
  '\u0000',
  '</xml>',
  '<xml>',
]

export function maliciousText(random: Random): string {
  if (random.chance(0.02)) return random.pick(REPEATED).repeat(1 + random.integerBelow(8_000))
  if (random.chance(0.1)) return random.bytes(random.integerBelow(64)).toString('latin1')
  if (random.chance(0.1)) return random.pick(TEXTS) + random.pick(TEXTS)
  return random.pick(TEXTS)
}

/** Damages bytes as a bad connection, a faulty client or an attacker would. */
export function damage(random: Random, bytes: Buffer): Buffer {
  const at = random.integerBelow(bytes.length + 1)
  switch (random.integerBelow(7)) {
    case 0: {
      const copy = Buffer.from(bytes)
      for (let n = 1 + random.integerBelow(4); n > 0 && copy.length > 0; n--) {
        copy[random.integerBelow(copy.length)] = random.integerBelow(256)
      }
      return copy
    }
    case 1:
      return bytes.subarray(0, at)
    case 2:
      return Buffer.concat([bytes.subarray(0, at), random.bytes(random.integerBelow(8)), bytes.subarray(at)])
    case 3:
      return Buffer.concat([bytes.subarray(0, at), Buffer.from(maliciousText(random)), bytes.subarray(at)])
    case 4:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + random.integerBelow(20))])
    case 5: {
      const piece = bytes.subarray(at, at + random.integerBelow(40))
      const copies = Array.from({ length: 1 + random.integerBelow(200) }, () => piece)
      return Buffer.concat([bytes.subarray(0, at), ...copies, bytes.subarray(at)])
    }
    default:
      return random.chance(0.5)
        ? Buffer.from(bytes.toString('latin1'), 'utf16le')
        : Buffer.concat([bytes, bytes])
  }
}
