import { crc32, deflateSync, inflateSync } from 'node:zlib'

/** Pixels of a picture, three bytes each: red, green, blue. */
export interface Pixels {
  width: number
  height: number
  rgb: Uint8Array
}

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
const RGB = 2
const PALETTE = 3
const RGBA = 6

/** Reads a PNG of 8 bits, as browsers and {@link encodePng} write it. Transparency is left out. @throws Error for another file */
export function decodePng(file: Buffer): Pixels {
  if (!file.subarray(0, 8).equals(SIGNATURE)) throw new Error('not a PNG file')
  let header = Buffer.alloc(13)
  let palette: Buffer = Buffer.alloc(0)
  const data: Buffer[] = []
  for (let at = 8; at < file.length; ) {
    const length = file.readUInt32BE(at)
    const content = file.subarray(at + 8, at + 8 + length)
    const type = file.toString('latin1', at + 4, at + 8)
    if (type === 'IHDR') header = Buffer.from(content)
    if (type === 'PLTE') palette = content
    if (type === 'IDAT') data.push(content)
    at += length + 12
  }
  const [width, height] = [header.readUInt32BE(0), header.readUInt32BE(4)]
  const [depth, colours, , , interlace] = header.subarray(8)
  const bytes = colours === RGB ? 3 : colours === RGBA ? 4 : colours === PALETTE ? 1 : 0
  if (depth !== 8 || bytes === 0 || interlace !== 0)
    throw new Error('a PNG of a kind that browsers do not write')
  const raw = unfilter(inflateSync(Buffer.concat(data)), width * bytes, height, bytes)
  const rgb = new Uint8Array(width * height * 3)
  for (let i = 0, from = 0; i < rgb.length; i += 3, from += bytes) {
    const source = bytes === 1 ? palette : raw
    const at = bytes === 1 ? (raw[from] ?? 0) * 3 : from
    rgb[i] = source[at] ?? 0
    rgb[i + 1] = source[at + 1] ?? 0
    rgb[i + 2] = source[at + 2] ?? 0
  }
  return { width, height, rgb }
}

/** Undoes the filters of the rows. @param pixelBytes bytes of a pixel */
function unfilter(data: Buffer, rowBytes: number, height: number, pixelBytes: number): Uint8Array {
  const out = new Uint8Array(rowBytes * height)
  for (let y = 0; y < height; y++) {
    const filter = data[y * (rowBytes + 1)] ?? 0
    const from = y * (rowBytes + 1) + 1
    const to = y * rowBytes
    for (let x = 0; x < rowBytes; x++) {
      const left = x >= pixelBytes ? (out[to + x - pixelBytes] ?? 0) : 0
      const up = y > 0 ? (out[to + x - rowBytes] ?? 0) : 0
      const upLeft = y > 0 && x >= pixelBytes ? (out[to + x - rowBytes - pixelBytes] ?? 0) : 0
      out[to + x] = (data[from + x] ?? 0) + predicted(filter, left, up, upLeft)
    }
  }
  return out
}

function predicted(filter: number, left: number, up: number, upLeft: number): number {
  if (filter === 1) return left
  if (filter === 2) return up
  if (filter === 3) return (left + up) >> 1
  if (filter !== 4) return 0
  const estimate = left + up - upLeft
  const [a, b, c] = [Math.abs(estimate - left), Math.abs(estimate - up), Math.abs(estimate - upLeft)]
  return a <= b && a <= c ? left : b <= c ? up : upLeft
}

/** Writes a PNG with at most 256 colours: small, and without a visible difference for pages. */
export function encodePng({ width, height, rgb }: Pixels): Buffer {
  const { palette, indexOf } = chooseColours(rgb)
  const rows = Buffer.alloc((width + 1) * height)
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i += 3) rows[y * (width + 1) + 1 + x] = indexOf.get(colourAt(rgb, i)) ?? 0
  }
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header.set([8, PALETTE, 0, 0, 0], 8)
  const colours = Buffer.from(palette.flatMap((colour) => [colour >> 16, (colour >> 8) & 255, colour & 255]))
  return Buffer.concat([
    SIGNATURE,
    chunk('IHDR', header),
    chunk('PLTE', colours),
    chunk('IDAT', deflateSync(rows, { level: 9, memLevel: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

function chunk(type: string, content: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), content])
  const whole = Buffer.alloc(body.length + 8)
  whole.writeUInt32BE(content.length, 0)
  whole.set(body, 4)
  whole.writeUInt32BE(crc32(body), body.length + 4)
  return whole
}

const COLOURS_MAX = 128
/** So many of the most frequent colours stay as they are: those of the surfaces. */
const EXACT = 56

const colourAt = (rgb: Uint8Array, i: number) =>
  ((rgb[i] ?? 0) << 16) | ((rgb[i + 1] ?? 0) << 8) | (rgb[i + 2] ?? 0)

/** The palette of a picture, and the place of the palette for each of its colours. */
function chooseColours(rgb: Uint8Array): { palette: number[]; indexOf: Map<number, number> } {
  const counts = new Map<number, number>()
  for (let i = 0; i < rgb.length; i += 3) {
    const colour = colourAt(rgb, i)
    counts.set(colour, (counts.get(colour) ?? 0) + 1)
  }
  // The order of equal counts must not depend on anything else.
  const all = [...counts].sort(([a, n], [b, m]) => m - n || a - b)
  const exact = all.slice(0, EXACT).map(([colour]) => colour)
  const palette = [...exact, ...averages(all.slice(EXACT), COLOURS_MAX - exact.length)]
  const indexOf = new Map(all.map(([colour]) => [colour, nearest(palette, colour)]))
  return { palette, indexOf }
}

const CHANNELS = [16, 8, 0] as const
type Counted = readonly [colour: number, count: number]

/** Splits colours into groups at their median (median cut), and returns the average of each. */
function averages(colours: readonly Counted[], groups: number): number[] {
  const boxes: (readonly Counted[])[] = colours.length > 0 ? [colours] : []
  while (boxes.length < groups) {
    const widest = boxes.map((box) => ({ box, ...extent(box) })).sort((a, b) => b.weight - a.weight)[0]
    if (!widest || widest.size === 0) break
    const { box, shift } = widest
    const sorted = box.toSorted(([a], [b]) => ((a >> shift) & 255) - ((b >> shift) & 255) || a - b)
    const half = Math.ceil(sorted.length / 2)
    boxes.splice(boxes.indexOf(box), 1, sorted.slice(0, half), sorted.slice(half))
  }
  return boxes.map(average)
}

/** The channel in which a group differs most, and how much the group matters. */
function extent(box: readonly Counted[]): { shift: number; size: number; weight: number } {
  const sizes = CHANNELS.map((shift) => {
    const values = box.map(([colour]) => (colour >> shift) & 255)
    return {
      shift,
      size: values.reduce((a, b) => Math.max(a, b), 0) - values.reduce((a, b) => Math.min(a, b), 255),
    }
  })
  const { shift, size } = sizes.sort((a, b) => b.size - a.size)[0] ?? { shift: 0, size: 0 }
  const pixels = box.reduce((sum, [, n]) => sum + n, 0)
  return { shift, size, weight: size * Math.sqrt(pixels) }
}

function average(box: readonly Counted[]): number {
  const pixels = box.reduce((sum, [, n]) => sum + n, 0)
  return CHANNELS.reduce<number>((colour, shift) => {
    const total = box.reduce((sum, [c, n]) => sum + ((c >> shift) & 255) * n, 0)
    return colour | (Math.round(total / pixels) << shift)
  }, 0)
}

function nearest(palette: readonly number[], colour: number): number {
  let best = 0
  let least = Number.POSITIVE_INFINITY
  for (const [i, candidate] of palette.entries()) {
    let distance = 0
    for (const shift of CHANNELS) distance += (((candidate >> shift) & 255) - ((colour >> shift) & 255)) ** 2
    if (distance < least) [best, least] = [i, distance]
  }
  return best
}
