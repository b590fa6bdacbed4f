/** The smallest files that begin as their kinds do; base64, as the harnesses take them. */
const base64 = (...parts: (string | number[])[]) =>
  Buffer.concat(
    parts.map((p) => (typeof p === 'string' ? Buffer.from(p, 'latin1') : Buffer.from(p))),
  ).toString('base64')

/** One pixel. */
const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='
const JPEG = base64(
  [0xff, 0xd8, 0xff, 0xe0, 0, 16],
  'JFIF\0',
  [1, 1, 0, 0, 1, 0, 1, 0, 0],
  [0xff, 0xc0, 0, 11, 8, 0, 1, 0, 1, 1, 1, 0x11, 0],
  [0xff, 0xd9],
)
const AMR = base64('#!AMR\n', [0x3c], Array<number>(31).fill(0))
const MP4 = base64([0, 0, 0, 24], 'ftypmp42', [0, 0, 0, 0], 'mp42isom', [0, 0, 0, 8], 'mdat')

export const FILES = {
  image: { name: 'picture.png', bytes: PNG },
  voice: { name: 'voice.amr', bytes: AMR },
  video: { name: 'film.mp4', bytes: MP4 },
  thumb: { name: 'thumb.jpg', bytes: JPEG },
}
export type FileKind = keyof typeof FILES
export const FILE_KINDS = ['image', 'voice', 'video', 'thumb'] as const satisfies FileKind[]
