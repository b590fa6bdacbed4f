import { defaultPayloadConverter } from '@temporalio/common'
import { describe, expect, it } from 'vitest'
import { READABLE } from '../../workflows/messages.ts'
import { createPayloadCodec, PayloadKeyError } from './codec.ts'

const TEXT = '我想报名 13800000000'
const payload = () => defaultPayloadConverter.toPayload({ text: TEXT })
const valueIn = (p: unknown) => defaultPayloadConverter.fromPayload(p as ReturnType<typeof payload>)
const textOf = (p: { data?: Uint8Array | null }) => Buffer.from(p.data ?? []).toString('latin1')

describe('the payload codec', () => {
  it('hides what it encodes, and gives it back', async () => {
    const codec = createPayloadCodec({ current: 'test-key' })
    const [encoded] = await codec.encode([payload()])
    expect(Buffer.from(encoded?.metadata?.encoding ?? []).toString()).toBe('binary/encrypted')
    expect(textOf(encoded ?? {})).not.toContain('13800000000')
    const [decoded] = await codec.decode([encoded ?? {}])
    expect(valueIn(decoded)).toEqual({ text: TEXT })
  })

  it('makes long payloads shorter than they were', async () => {
    const codec = createPayloadCodec({ current: 'test-key' })
    const long = defaultPayloadConverter.toPayload({
      steps: Array.from({ length: 20 }, () => ({ text: TEXT })),
    })
    const [encoded] = await codec.encode([long])
    expect(encoded?.data?.length).toBeLessThan((long.data?.length ?? 0) / 4)
    expect((await codec.decode([encoded ?? {}])).map(valueIn)).toEqual([long].map(valueIn))
  })

  it('never makes the same text twice', async () => {
    const codec = createPayloadCodec({ current: 'test-key' })
    const [a, b] = await codec.encode([payload(), payload()])
    expect(textOf(a ?? {})).not.toBe(textOf(b ?? {}))
  })

  it('lets through what is not encrypted: signals of the command line, runs from before', async () => {
    const codec = createPayloadCodec({ current: 'test-key' })
    const plain = payload()
    expect(await codec.decode([plain, {}])).toEqual([plain, {}])
  })

  it('leaves readable what is marked so, and takes the mark away', async () => {
    const plain = payload()
    const marked = { ...plain, metadata: { ...plain.metadata, [READABLE]: Uint8Array.of(1) } }
    for (const encrypt of [true, false]) {
      const codec = createPayloadCodec({ current: 'test-key' }, encrypt)
      expect(await codec.encode([marked])).toEqual([plain])
    }
  })

  it('does not encrypt what is encrypted already', async () => {
    const codec = createPayloadCodec({ current: 'test-key' })
    const once = await codec.encode([payload()])
    expect(await codec.encode(once)).toEqual(once)
  })

  it('reads what was written under a previous key, and writes under the current one', async () => {
    const before = createPayloadCodec({ current: 'old-test-key' })
    const after = createPayloadCodec({ current: 'new-test-key', previous: ['old-test-key'] })
    expect(valueIn((await after.decode(await before.encode([payload()])))[0])).toEqual({ text: TEXT })
    await expect(before.decode(await after.encode([payload()]))).rejects.toThrow(PayloadKeyError)
  })

  it('names a missing key, and the setting that wants it', async () => {
    const encoded = await createPayloadCodec({ current: 'lost-test-key' }).encode([payload()])
    const decode = createPayloadCodec({ current: 'test-key' }).decode(encoded)
    await expect(decode).rejects.toThrow(/ENCRYPTION_KEY_PREVIOUS/)
  })

  it('refuses a payload that was changed', async () => {
    const codec = createPayloadCodec({ current: 'test-key' })
    const [encoded] = await codec.encode([payload()])
    const data = Buffer.from(encoded?.data ?? [])
    data[40] = (data[40] ?? 0) ^ 1
    await expect(codec.decode([{ ...encoded, data }])).rejects.toThrow(PayloadKeyError)
  })

  it('switched off, writes plain payloads and still reads encrypted ones', async () => {
    const off = createPayloadCodec({ current: 'test-key' }, false)
    const plain = payload()
    expect(await off.encode([plain])).toEqual([plain])
    const encoded = await createPayloadCodec({ current: 'test-key' }).encode([plain])
    expect(valueIn((await off.decode(encoded))[0])).toEqual({ text: TEXT })
  })
})
