import { describe, expect, it } from 'vitest'
import { checkMedia, type MediaKind, uploadName } from './media-limits.ts'

const KB = 1024
const MB = 1024 * KB

const file = (head: number[] | string, size = 100): Uint8Array => {
  const bytes = Buffer.alloc(size)
  Buffer.from(head as string).copy(bytes)
  return bytes
}
const png = (size?: number) => file([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a], size)
const jpeg = (size?: number) => file([0xff, 0xd8, 0xff, 0xe0], size)
const gif = (size?: number) => file('GIF89a', size)
const mp3 = (size?: number) => file('ID3\u0003', size)
const mp4 = (size?: number) => file('\0\0\0\u0018ftypisom', size)

/** AMR of 12.2 kbit/s: 50 frames of 32 bytes a second. */
const amr = (frames: number) =>
  Buffer.concat([Buffer.from('#!AMR\n'), ...Array(frames).fill(file([0x3c], 32))])

describe('a file that an operator uploads', () => {
  it.each<[string, Uint8Array, MediaKind, string]>([
    ['PNG', png(), 'image', 'image/png'],
    ['JPEG', jpeg(), 'image', 'image/jpeg'],
    ['GIF of 1987', file('GIF87a'), 'image', 'image/gif'],
    ['GIF of 1989', gif(), 'image', 'image/gif'],
    ['AMR', amr(50), 'voice', 'audio/amr'],
    ['MP3 with tags', mp3(), 'voice', 'audio/mpeg'],
    ['MP3 without tags', file([0xff, 0xfb, 0x90, 0x00]), 'voice', 'audio/mpeg'],
    ['MP3 of MPEG 2', file([0xff, 0xf3, 0x90, 0x00]), 'voice', 'audio/mpeg'],
    ['MP4', mp4(), 'video', 'video/mp4'],
  ])('is recognised by its bytes: %s', (_name, bytes, type, contentType) => {
    expect(checkMedia(bytes)).toEqual({ ok: true, media: { type, contentType } })
    expect(checkMedia(bytes, type)).toEqual({ ok: true, media: { type, contentType } })
  })

  it.each([
    ['an empty file', Buffer.alloc(0)],
    ['text', file('hello')],
    ['a web page', file('<html>')],
    ['a program', file('MZ')],
    ['WebP', file('RIFF\0\0\0\0WEBP')],
    ['BMP', file('BM')],
    ['SVG', file('<svg xmlns=')],
    ['AAC', file([0xff, 0xf1, 0x50, 0x80])],
    ['half of a PNG’s signature', file([0x89, 0x50, 0x4e])],
  ])('is refused with the formats that WeChat accepts: %s', (_name, bytes) => {
    expect(checkMedia(bytes)).toEqual({
      ok: false,
      message: 'the file is not a PNG, JPEG, GIF, AMR, MP3 or MP4, the formats that WeChat accepts',
    })
  })
})

describe('a file with a declared type', () => {
  it('is a thumb when it is a JPEG that is declared a thumb', () => {
    expect(checkMedia(jpeg(), 'thumb')).toEqual({
      ok: true,
      media: { type: 'thumb', contentType: 'image/jpeg' },
    })
  })

  it.each<[Uint8Array, MediaKind, string]>([
    [png(), 'thumb', 'a thumb must be image/jpeg, this file is image/png'],
    [mp4(), 'image', 'an image must be image/png or image/jpeg or image/gif, this file is video/mp4'],
    [jpeg(), 'voice', 'a voice must be audio/amr or audio/mpeg, this file is image/jpeg'],
    [mp3(), 'video', 'a video must be video/mp4, this file is audio/mpeg'],
  ])('is refused when its format does not fit (%#)', (bytes, declared, message) => {
    expect(checkMedia(bytes, declared)).toEqual({ ok: false, message })
  })
})

describe('the size of a file', () => {
  it.each<[string, (size: number) => Uint8Array, MediaKind, number, string]>([
    ['PNG', png, 'image', 10 * MB, 'an image may have at most 10.0 MB, this file has 10.1 MB'],
    ['JPEG', jpeg, 'image', 10 * MB, 'an image may have at most 10.0 MB, this file has 10.1 MB'],
    ['MP3', mp3, 'voice', 2 * MB, 'a voice may have at most 2.0 MB, this file has 2.1 MB'],
    ['MP4', mp4, 'video', 10 * MB, 'a video may have at most 10.0 MB, this file has 10.1 MB'],
    ['thumb', jpeg, 'thumb', 64 * KB, 'a thumb may have at most 64 KB, this file has 65 KB'],
  ])('of %s may be at most the limit', (_name, make, declared, limit, message) => {
    expect(checkMedia(make(limit), declared)).toMatchObject({ ok: true })
    expect(checkMedia(make(limit + 1), declared)).toEqual({ ok: false, message })
  })
})

describe('the length of a voice', () => {
  it('may be at most 60 s', () => {
    expect(checkMedia(amr(60 * 50))).toMatchObject({ ok: true })
    expect(checkMedia(amr(60 * 50 + 1))).toEqual({
      ok: false,
      message: 'a voice may last at most 60 s, this file lasts 61 s',
    })
  })

  it.each([
    [0, 13],
    [1, 14],
    [2, 16],
    [3, 18],
    [4, 20],
    [5, 21],
    [6, 27],
    [7, 32],
    [8, 6],
  ])('is computed from frames of mode %i, which have %i bytes', (mode, bytes) => {
    const frame = file([mode << 3], bytes)
    const of = (frames: number) => Buffer.concat([Buffer.from('#!AMR\n'), ...Array(frames).fill(frame)])
    expect(checkMedia(of(60 * 50))).toMatchObject({ ok: true })
    expect(checkMedia(of(60 * 50 + 1))).toMatchObject({ ok: false })
  })
})

describe('an upload to WeChat', () => {
  it.each([
    ['PNG', png(), 'media.png', 'image/png'],
    ['JPEG', jpeg(), 'media.jpg', 'image/jpeg'],
    ['GIF', gif(), 'media.gif', 'image/gif'],
    ['AMR', amr(1), 'media.amr', 'audio/amr'],
    ['MP3', mp3(), 'media.mp3', 'audio/mpeg'],
    ['MP4', mp4(), 'media.mp4', 'video/mp4'],
  ])('gets a file name by its format: %s', (_name, bytes, filename, contentType) => {
    expect(uploadName(bytes)).toEqual({ filename, contentType })
  })

  it.each([
    ['text', file('hello')],
    ['WebP', file('RIFF\0\0\0\0WEBP')],
    ['HEIC, which starts like an MP4', file('\0\0\0\u0018ftypheic')],
    ['AVIF', file('\0\0\0\u0018ftypavif')],
    ['QuickTime', file('\0\0\0\u0018ftypqt  ')],
    ['nothing', Buffer.alloc(0)],
  ])('is refused for a format that WeChat does not accept: %s', (_name, bytes) => {
    expect(uploadName(bytes)).toBeNull()
    expect(checkMedia(bytes)).toMatchObject({ ok: false })
  })
})
