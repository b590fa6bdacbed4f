import { decodeQR } from 'qr/decode.js'
import { describe, expect, it } from 'vitest'
import { SIM_NOW, startSimulatorApi } from '../../../../../test/fixtures/simulator-api.ts'

/** The pixels of a GIF's first frame, as `qr` writes it: black and white, stored without real compression. */
function gifPixels(gif: Uint8Array): { width: number; height: number; data: Uint8Array } {
  const view = Buffer.from(gif)
  expect(view.subarray(0, 3).toString()).toBe('GIF')
  const [width, height] = [view.readUInt16LE(6), view.readUInt16LE(8)]
  const colours = 2 << ((view[10] ?? 0) & 7)
  const palette = view.subarray(13, 13 + 3 * colours)
  let at = 13 + 3 * colours
  while (view[at] === 0x21) {
    at += 2
    while (view[at] !== 0) at += (view[at] ?? 0) + 1
    at += 1
  }
  at += 10
  const codeBits = (view[at] ?? 0) + 1
  const parts: Buffer[] = []
  for (at += 1; view[at] !== 0; at += (view[at] ?? 0) + 1)
    parts.push(view.subarray(at + 1, at + 1 + (view[at] ?? 0)))
  const codes = lzw(Buffer.concat(parts), codeBits)
  const data = new Uint8Array(width * height * 4)
  codes.slice(0, width * height).forEach((colour, i) => {
    data.set([...palette.subarray(3 * colour, 3 * colour + 3), 255], 4 * i)
  })
  return { width, height, data }
}

/** Decodes GIF's LZW. */
function lzw(bytes: Buffer, firstBits: number): number[] {
  const clear = 1 << (firstBits - 1)
  let table: number[][] = []
  let bits = firstBits
  let before: number[] | null = null
  const out: number[] = []
  const start = () => {
    table = Array.from({ length: clear + 2 }, (_, i) => [i])
    bits = firstBits
    before = null
  }
  start()
  for (let at = 0; at + bits <= bytes.length * 8; ) {
    let code = 0
    for (let i = 0; i < bits; i++, at++) code |= (((bytes[at >> 3] ?? 0) >> (at & 7)) & 1) << i
    if (code === clear) {
      start()
      continue
    }
    if (code === clear + 1) break
    const last: number[] | null = before
    const entry: number[] = table[code] ?? [...(last ?? []), (last ?? [])[0] ?? 0]
    out.push(...entry)
    if (last && table.length < 4096) table.push([...last, entry[0] ?? 0])
    if (table.length === 1 << bits && bits < 12) bits += 1
    before = entry
  }
  return out
}

describe('showqrcode', () => {
  it('is an image of the URL that qrcode/create returned, without a token', async () => {
    const { post, simulator } = await startSimulatorApi()
    const { ticket, url } = await post('cgi-bin/qrcode/create', {
      action_name: 'QR_STR_SCENE',
      action_info: { scene: { scene_str: 'expo' } },
    })
    const path = `/cgi-bin/showqrcode?ticket=${encodeURIComponent(String(ticket))}`
    const answer = await simulator.app.request(path)
    expect(answer.headers.get('content-type')).toBe('image/gif')
    expect(decodeQR(gifPixels(new Uint8Array(await answer.arrayBuffer())))).toBe(url)
  })

  it('answers 404 for an unknown or expired ticket', async () => {
    const clock = { now: SIM_NOW }
    const { post, simulator } = await startSimulatorApi({}, { now: () => clock.now })
    const body = { action_name: 'QR_SCENE', expire_seconds: 60, action_info: { scene: { scene_id: 1 } } }
    const { ticket } = await post('cgi-bin/qrcode/create', body)
    const status = async (value: unknown) =>
      (await simulator.app.request(`/cgi-bin/showqrcode?ticket=${encodeURIComponent(String(value))}`)).status
    expect(await status('unknown')).toBe(404)
    expect(await status(ticket)).toBe(200)
    clock.now += 61_000
    expect(await status(ticket)).toBe(404)
  })
})
