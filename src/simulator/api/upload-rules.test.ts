import { describe, expect, it } from 'vitest'
import { checkUpload } from './upload-rules.ts'

const hex = (text: string, size = 0) => {
  const head = Buffer.from(text, 'hex')
  return Buffer.concat([head, Buffer.alloc(Math.max(0, size - head.length))])
}
const PNG = '89504e470d0a1a0a'
const JPEG = 'ffd8ffe0'
const MP4 = '00000018667479706d703432'
const AMR = Buffer.from('#!AMR\n').toString('hex')
/** AMR frames of 20 ms, in the mode with 32 bytes. */
const amr = (seconds: number) =>
  Buffer.concat([Buffer.from('#!AMR\n'), ...Array(seconds * 50).fill(hex('3c', 32))])

describe('an upload', () => {
  it.each([
    ['image', 'a.png', hex(PNG, 100)],
    ['image', 'a.JPEG', hex(JPEG, 100)],
    ['image', 'a.gif', hex('474946383961', 100)],
    ['image', 'a.bmp', hex('424d', 100)],
    ['voice', 'a.amr', amr(60)],
    ['voice', 'a.mp3', hex('494433', 100)],
    ['voice', 'a.mp3', hex('fffb', 100)],
    ['video', 'a.mp4', hex(MP4, 100)],
    ['thumb', 'a.jpg', hex(JPEG, 65_536)],
    ['image', 'a.png', hex(PNG, 10_485_760)],
  ])('of a %s named %s is accepted', (type, name, content) => {
    expect(checkUpload(type, name, content)).toBe(0)
  })

  it.each([
    ['of an unknown type', 'file', 'a.png', hex(PNG, 9), 40004],
    ['of no type', '', 'a.png', hex(PNG, 9), 40004],
    ['of a type that every object has', 'constructor', 'a.png', hex(PNG, 9), 40004],
    ['without content', 'image', 'a.png', hex(''), 40006],
    ['without an extension', 'image', 'photo', hex(PNG, 9), 40005],
    ['with no name', 'image', '', hex(PNG, 9), 40005],
    ["with another type's extension", 'image', 'a.mp3', hex(PNG, 9), 40113],
    ['with an extension that does not match its bytes', 'image', 'a.jpg', hex(PNG, 9), 40113],
    ['with unknown bytes', 'image', 'a.png', Buffer.from('hello'), 40113],
    ['of a PNG as a thumb', 'thumb', 'a.png', hex(PNG, 9), 40113],
    ['of a HEIC image named as a video', 'video', 'a.mp4', hex('000000186674797068656963', 99), 40113],
    ['of an image that is too large', 'image', 'a.png', hex(PNG, 10_485_761), 45001],
    ['of a thumb that is too large', 'thumb', 'a.jpg', hex(JPEG, 65_537), 45001],
    ['of a voice that is too large', 'voice', 'a.mp3', hex('494433', 2_097_153), 45001],
    ['of a voice that is too long', 'voice', 'a.amr', amr(61), 45007],
    ['of an AMR file named as MP3', 'voice', 'a.mp3', hex(AMR, 99), 40113],
  ])('%s is rejected', (_name, type, name, content, code) => {
    expect(checkUpload(type, name, content)).toBe(code)
  })
})
