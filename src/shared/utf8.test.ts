import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readUtf8 } from './utf8.ts'

/** 「欢迎关注」 and 「TD」 as Chinese Windows saves them. */
const GBK = Buffer.from('name: \xbb\xb6\xd3\xad\xb9\xd8\xd7\xa2\nid: a\n', 'latin1')
const utf16 = (text: string, mark = true) => Buffer.from(`${mark ? '\ufeff' : ''}${text}`, 'utf16le')
const messageOf = (bytes: Uint8Array, show = true) => {
  const read = readUtf8(bytes, { show })
  return read.ok ? null : read.message
}

describe('a text in UTF-8', () => {
  it('is decoded unchanged', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        const plain = text.replaceAll('\u0000', '').replace(/^\ufeff/, '')
        expect(readUtf8(Buffer.from(plain))).toEqual({ ok: true, text: plain })
        expect(readUtf8(Buffer.from(`\ufeff${plain}`))).toEqual({ ok: true, text: plain })
      }),
    )
  })

  it('keeps a second byte order mark, which belongs to the text', () => {
    expect(readUtf8(Buffer.from('\ufeff\ufeffa'))).toEqual({ ok: true, text: '\ufeffa' })
  })
})

describe('a text in another encoding', () => {
  it('is refused with the line in its encoding: GBK', () => {
    expect(messageOf(GBK)).toMatch(/looks like GBK.*it reads: name: 欢迎关注\..*Notepad.*请用 UTF-8 编码保存/)
  })

  it('is refused without quoting it where it may contain secrets', () => {
    expect(messageOf(GBK, false)).not.toContain('欢迎')
    expect(messageOf(utf16('secret'), false)).not.toContain('secret')
    expect(messageOf(GBK, false)).toContain('looks like GBK')
  })

  it.each([
    ['with a mark', utf16('name: 欢迎')],
    ['without a mark', utf16('name: 欢迎', false)],
    ['big-endian', utf16('name: 欢迎').swap16()],
    ['big-endian without a mark', utf16('name: 欢迎', false).swap16()],
  ])('is refused: UTF-16 %s', (_, bytes) => {
    expect(messageOf(bytes)).toMatch(/looks like UTF-16; in that encoding it reads: name: 欢迎\./)
  })

  it.each([
    ['an invalid byte', [0xff]],
    ['half a character at the end', [0x61, 0xe6, 0xac]],
    ['an overlong form', [0xc0, 0xaf]],
    ['a surrogate', [0xed, 0xa0, 0x80]],
    ['beyond Unicode', [0xf5, 0x80, 0x80, 0x80]],
  ])('is refused: %s', (_, bytes) => expect(messageOf(Uint8Array.from(bytes))).toMatch(/is not UTF-8/))

  it('is decoded only when encoding the text gives the same bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        const read = readUtf8(bytes)
        if (!read.ok) return
        const marked = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf
        expect(Buffer.from(read.text)).toEqual(Buffer.from(bytes.slice(marked ? 3 : 0)))
      }),
    )
  })
})
