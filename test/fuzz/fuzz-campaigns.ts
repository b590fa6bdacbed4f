import { readdirSync, readFileSync } from 'node:fs'
import { type CheckResult, checkCampaign } from '../../src/campaign/check.ts'
import { createRandom, type Random } from '../harness/random.ts'
import { blockingMs, type Findings, recordOutcome } from './findings.ts'
import { damage, maliciousText } from './malicious-inputs.ts'

const FOLDER = new URL('../../campaigns/', import.meta.url)
const EXAMPLES = readdirSync(FOLDER)
  .filter((name) => name.endsWith('.yaml'))
  .map((name) => readFileSync(new URL(name, FOLDER), 'utf8'))
const LINE = 'a: &a [x, x, x, x, x, x, x, x, x]\n'
const LAUGHS = `${LINE}${'bcdefghi'
  .split('')
  .map((name, i) => `${name}: &${name} [${Array(9).fill(`*${'abcdefgh'[i]}`).join(', ')}]\n`)
  .join('')}`

/** A readable file is played on all its ways, with quiet hours at each hour of the day: about 50 ms on a free processor. */
const MAX_CHECK_MS = 250
/** Reading YAML takes about 3 µs per character, and a file may have 256 KiB. Only slower files are reported. */
const MS_PER_CHARACTER = 0.005

/** Files that attack a YAML parser. */
const BOMBS: ((random: Random) => string)[] = [
  () => LAUGHS,
  () => `id: &x {a: *x}\n`,
  () => `${LAUGHS}id: x\nname: *i\nsteps: *i\n`,
  (r) => '['.repeat(r.integerBelow(20_000)),
  (r) => `${'{a: '.repeat(r.integerBelow(5_000))}`,
  (r) => `${'- '.repeat(r.integerBelow(5_000))}x`,
  (r) => `${'? '.repeat(r.integerBelow(5_000))}x`,
  (r) => `${'!'.repeat(r.integerBelow(20_000))} x`,
  (r) =>
    `${Array.from({ length: r.integerBelow(3_000) }, (_, i) => `${' '.repeat(i % 500)}a${i}:`).join('\n')}`,
  (r) => `${'k'.repeat(r.integerBelow(200_000))}: 1`,
  (r) => Array.from({ length: r.integerBelow(8_000) }, (_, i) => `k${i}: ${i}`).join('\n'),
  (r) => `steps:\n${'  - {id: a, after: 1s, send: {text: x}}\n'.repeat(r.integerBelow(3_000))}`,
  (r) => `id: x\nname: "${'\\'.repeat(r.integerBelow(20_000))}"`,
  (r) => `name: |\n${`  ${'{{ '.repeat(20)}\n`.repeat(r.integerBelow(400))}`,
  (r) => `name: x\nsteps: [{id: a, send: {text: "${'{% if a %}'.repeat(r.integerBelow(3_000))}"}}]`,
  (r) => `${'&a '.repeat(r.integerBelow(3_000))}x`,
  (r) => `${'# '.repeat(r.integerBelow(50_000))}`,
  () => '%YAML 9.9\n%TAG ! tag:x,2000:\n--- !<tag:yaml.org,2002:js/function> x\n--- a\n...\n',
  () => '__proto__: {polluted: true}\nconstructor: {prototype: {polluted: true}}\n<<: {polluted: true}\n',
]

/** Checks `count` mutated campaign files. The check must not throw and must not block the process. */
export function fuzzCampaigns(findings: Findings, { count, seed }: { count: number; seed: number }): void {
  // The first checks compile the code: they take three times as long, whatever the file says.
  for (const source of EXAMPLES) checkCampaign(source)
  for (let n = 0; n < count && findings.found.length < 20; n++) {
    const source = campaignFile(createRandom(seed * 1_000_003 + n))
    const name = `campaign ${seed}:${n} (${source.length} characters: ${JSON.stringify(source.slice(0, 60))})`
    try {
      let result: CheckResult | undefined
      const ms = blockingMs(() => {
        result = checkCampaign(source)
      })
      findings.longestMs = Math.max(findings.longestMs, ms)
      if (ms > MAX_CHECK_MS + source.length * MS_PER_CHARACTER)
        findings.found.push(`${name}: checking took ${Math.round(ms)} ms`)
      const { campaign, issues } = result ?? checkCampaign(source)
      if ((campaign === null) !== issues.length > 0)
        findings.found.push(`${name}: neither rejected nor accepted`)
      recordOutcome(findings, campaign ? 'publishes' : 'refused')
    } catch (err) {
      findings.found.push(`${name}: threw ${err instanceof Error ? err.stack?.slice(0, 600) : String(err)}`)
    }
    if ('polluted' in {}) findings.found.push(`${name}: polluted every object`)
  }
}

/** A damaged file. */
export function campaignFile(random: Random): string {
  if (random.chance(0.02)) return random.pick(BOMBS)(random)
  const example = random.pick(EXAMPLES)
  if (random.chance(0.4)) return damage(random, Buffer.from(example)).toString('utf8')
  const lines = example.split('\n')
  for (let n = 1 + random.integerBelow(3); n > 0; n--) {
    const at = random.integerBelow(lines.length)
    const line = lines[at] ?? ''
    const key = /^(\s*(?:- )?)([\w-]+):/.exec(line)
    const odd = random.pick([
      maliciousText(random),
      '[]',
      '{}',
      '~',
      '1e999',
      '0x1f',
      '2026-01-01',
      '!!binary aGk=',
      '*a',
      '|',
      '>-',
    ])
    if (key && random.chance(0.7)) lines[at] = `${key[1]}${random.chance(0.2) ? odd : key[2]}: ${odd}`
    else lines.splice(at, random.integerBelow(3), random.chance(0.5) ? odd : line)
  }
  return lines.join('\n')
}
