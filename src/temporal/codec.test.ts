import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto'
import { deflateRawSync, inflateRawSync } from 'node:zlib'
import { defaultPayloadConverter, type Payload, type SerializationContext } from '@temporalio/common'
import proto from '@temporalio/proto'
import { describe, expect, it, vi } from 'vitest'
import { SLOW_UNIT_TIMEOUT_MS } from '../../test/harness/timeouts.ts'
import { READABLE_MARKER } from '../../workflows/names.ts'
import { deriveKeyring } from '../store/encryption/keyring.ts'
import {
  CALL_MAX_BYTES,
  createPayloadCodec,
  PAYLOAD_MAX_BYTES,
  PayloadKeyError,
  PayloadSizeError,
} from './codec.ts'

vi.setConfig({ testTimeout: SLOW_UNIT_TIMEOUT_MS, hookTimeout: SLOW_UNIT_TIMEOUT_MS })

const { Payload: PayloadMessage } = proto.temporal.api.common.v1

const TEXT = '我想报名 13800000000'
const payload = () => defaultPayloadConverter.toPayload({ text: TEXT })
const valueIn = (p: unknown) => defaultPayloadConverter.fromPayload(p as ReturnType<typeof payload>)
const textOf = (p: { data?: Uint8Array | null }) => Buffer.from(p.data ?? []).toString('latin1')

describe('the payload codec', () => {
  it('encrypts payloads and decrypts them again', async () => {
    const codec = createPayloadCodec({ current: 'test-key' })
    const [encoded] = await codec.encode([payload()])
    expect(Buffer.from(encoded?.metadata?.encoding ?? []).toString()).toBe('binary/encrypted')
    expect(textOf(encoded ?? {})).not.toContain('13800000000')
    const [decoded] = await codec.decode([encoded ?? {}])
    expect(valueIn(decoded)).toEqual({ text: TEXT })
  })

  it('compresses long payloads', async () => {
    const codec = createPayloadCodec({ current: 'test-key' })
    const long = defaultPayloadConverter.toPayload({
      steps: Array.from({ length: 20 }, () => ({ text: TEXT })),
    })
    const [encoded] = await codec.encode([long])
    expect(encoded?.data?.length).toBeLessThan((long.data?.length ?? 0) / 4)
    expect((await codec.decode([encoded ?? {}])).map(valueIn)).toEqual([long].map(valueIn))
  })

  it('encrypts the same payload differently each time', async () => {
    const codec = createPayloadCodec({ current: 'test-key' })
    const [a, b] = await codec.encode([payload(), payload()])
    expect(textOf(a ?? {})).not.toBe(textOf(b ?? {}))
  })

  it('accepts payloads that are not encrypted, such as signals from the command line', async () => {
    const codec = createPayloadCodec({ current: 'test-key' })
    const plain = payload()
    expect(await codec.decode([plain, {}])).toEqual([plain, {}])
  })

  it('leaves marked payloads readable, and removes the mark', async () => {
    const plain = payload()
    const marked = { ...plain, metadata: { ...plain.metadata, [READABLE_MARKER]: Uint8Array.of(1) } }
    for (const encrypt of [true, false]) {
      const codec = createPayloadCodec({ current: 'test-key' }, encrypt)
      expect(await codec.encode([marked])).toEqual([plain])
    }
  })

  it('does not encrypt an encrypted payload again', async () => {
    const codec = createPayloadCodec({ current: 'test-key' })
    const once = await codec.encode([payload()])
    expect(await codec.encode(once)).toEqual(once)
  })

  it('decrypts with a previous key, and encrypts with the current one', async () => {
    const before = createPayloadCodec({ current: 'old-test-key' })
    const after = createPayloadCodec({ current: 'new-test-key', previous: ['old-test-key'] })
    expect(valueIn((await after.decode(await before.encode([payload()])))[0])).toEqual({ text: TEXT })
    await expect(before.decode(await after.encode([payload()]))).rejects.toThrow(PayloadKeyError)
  })

  it('names a missing key, and the setting that needs it', async () => {
    const encoded = await createPayloadCodec({ current: 'lost-test-key' }).encode([payload()])
    const decode = createPayloadCodec({ current: 'test-key' }).decode(encoded)
    await expect(decode).rejects.toThrow(/ENCRYPTION_KEY_PREVIOUS/)
  })

  it('refuses a changed payload', async () => {
    const codec = createPayloadCodec({ current: 'test-key' })
    const [encoded] = await codec.encode([payload()])
    const data = Buffer.from(encoded?.data ?? [])
    data[40] = (data[40] ?? 0) ^ 1
    await expect(codec.decode([{ ...encoded, data }])).rejects.toThrow(PayloadKeyError)
  })

  it('writes plain payloads while encryption is off, and still reads encrypted ones', async () => {
    const off = createPayloadCodec({ current: 'test-key' }, false)
    const plain = payload()
    expect(await off.encode([plain])).toEqual([plain])
    const encoded = await createPayloadCodec({ current: 'test-key' }).encode([plain])
    expect(valueIn((await off.decode(encoded))[0])).toEqual({ text: TEXT })
  })
})

describe('the sizes that the codec handles', () => {
  const codec = createPayloadCodec({ current: 'test-key' })
  const ofBytes = (bytes: number): Payload => ({
    metadata: { encoding: Buffer.from('binary/plain') },
    data: Buffer.alloc(bytes, 97),
  })
  /** Just below the limit: the encoding of the payload adds some bytes. */
  const largest = () => ofBytes(PAYLOAD_MAX_BYTES - 100)

  it('refuses a small ciphertext that would inflate to 100 MB', async () => {
    const bomb = sealedByHand(ofBytes(100_000_000))
    expect(bomb.data?.length).toBeLessThan(200_000)
    await expect(codec.decode([bomb])).rejects.toThrow(PayloadSizeError)
    await expect(codec.decode([bomb])).rejects.toThrow('over 8 MiB in clear')
  })

  it('encodes only payloads that it can decode', async () => {
    const [encoded] = await codec.encode([largest()])
    expect((await codec.decode([encoded ?? {}]))[0]?.data?.length).toBe(PAYLOAD_MAX_BYTES - 100)
    await expect(codec.encode([ofBytes(PAYLOAD_MAX_BYTES)])).rejects.toThrow(PayloadSizeError)
    await expect(codec.decode([sealedByHand(ofBytes(PAYLOAD_MAX_BYTES))])).rejects.toThrow(PayloadSizeError)
  })

  it('limits the sum of all payloads of one call', async () => {
    const fit = Array.from({ length: CALL_MAX_BYTES / PAYLOAD_MAX_BYTES }, largest)
    const encoded = await codec.encode(fit)
    expect(await codec.decode(encoded)).toHaveLength(fit.length)
    const [first] = encoded
    await expect(codec.encode([...fit, largest()])).rejects.toThrow(PayloadSizeError)
    await expect(codec.decode([...encoded, first ?? {}])).rejects.toThrow(PayloadSizeError)
  })

  it('reports a text that does not inflate as changed', async () => {
    const broken = sealedByHand(payload(), () => Buffer.from([1, 255, 255, 255]))
    await expect(codec.decode([broken])).rejects.toThrow(PayloadKeyError)
  })
})

describe('a payload of a workflow', () => {
  const codec = createPayloadCodec({ current: 'test-key' })
  const context = (workflowId: string, namespace = 'default'): SerializationContext => ({
    type: 'workflow',
    namespace,
    workflowId,
  })
  const own = context('nurture/wx1/oMine')
  const activity: SerializationContext = {
    type: 'activity',
    namespace: 'default',
    workflowId: 'nurture/wx1/oMine',
    activityId: '3',
    isLocal: false,
  }

  it('is read by the workflow and by its activities', async () => {
    const encoded = await codec.encode([payload()], own)
    expect((await codec.decode(encoded, own)).map(valueIn)).toEqual([{ text: TEXT }])
    expect((await codec.decode(encoded, activity)).map(valueIn)).toEqual([{ text: TEXT }])
    const ofActivity = await codec.encode([payload()], activity)
    expect((await codec.decode(ofActivity, own)).map(valueIn)).toEqual([{ text: TEXT }])
  })

  it.each([
    ['another follower', context('nurture/wx1/oOther')],
    ['another account', context('nurture/wx2/oMine')],
    ['another namespace', context('nurture/wx1/oMine', 'other')],
    ['names that concatenate to the same text', context('wx1/oMine', 'default/nurture')],
    ['an activity of another run', { ...activity, workflowId: 'nurture/wx1/oOther' }],
  ] as const)('is refused by %s: it was copied', async (_, other) => {
    const encoded = await codec.encode([payload()], own)
    await expect(codec.decode(encoded, other)).rejects.toThrow(/written for another workflow/)
    await expect(codec.decode(encoded, other)).rejects.toThrow(PayloadKeyError)
  })

  it('is read by the codec endpoint, which knows no workflow', async () => {
    const [read] = await codec.decode(await codec.encode([payload()], own))
    expect(valueIn(read)).toEqual({ text: TEXT })
    expect(Object.keys(read?.metadata ?? {})).toEqual(['encoding'])
  })

  it('names no workflow when an earlier build or the codec endpoint wrote it; every workflow then reads it', async () => {
    const unbound = [sealedByHand(payload()), ...(await codec.encode([payload()]))]
    expect((await codec.decode(unbound, own)).map(valueIn)).toEqual([{ text: TEXT }, { text: TEXT }])
  })

  it('of 0.3 names its workflow too', async () => {
    const of = (workflowId: string) => {
      const hash = createHash('sha256')
        .update(JSON.stringify(['default', workflowId]))
        .digest()
      const plain = payload()
      return sealedByHand({
        ...plain,
        metadata: { ...plain.metadata, 'nurture-workflow': hash.subarray(0, 16) },
      })
    }
    const [read] = await codec.decode([of('nurture/wx1/oMine')], own)
    expect(valueIn(read)).toEqual({ text: TEXT })
    expect(Object.keys(read?.metadata ?? {})).toEqual(['encoding'])
    await expect(codec.decode([of('nurture/wx1/oOther')], own)).rejects.toThrow(
      /written for another workflow/,
    )
  })

  it('with a shorter hash is refused: it fits more workflows', async () => {
    const plain = payload()
    const short = sealedByHand({ ...plain, metadata: { ...plain.metadata, w: new Uint8Array() } })
    await expect(codec.decode([short], own)).rejects.toThrow(/written for another workflow/)
  })

  it('is readable for an earlier build', async () => {
    const [encoded] = await codec.encode([payload()], own)
    expect(valueIn(openedAsBefore(encoded ?? {}))).toEqual({ text: TEXT })
  })

  it('shows no workflow outside of the ciphertext', async () => {
    const [encoded] = await codec.encode([payload()], own)
    expect(Object.keys(encoded?.metadata ?? {})).toEqual(['encoding', 'key'])
  })
})

/** As earlier builds encrypted a payload: without a workflow, and of any size. */
function sealedByHand(payload: Payload, pack = packed): Payload {
  const { current } = deriveKeyring({ current: 'test-key' }, 'payloads')
  const iv = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', current.secret, iv)
  const text = Buffer.concat([cipher.update(pack(payload)), cipher.final()])
  return {
    metadata: { encoding: Buffer.from('binary/encrypted'), key: Buffer.from(current.id) },
    data: Buffer.concat([iv, cipher.getAuthTag(), text]),
  }
}

function packed(payload: Payload): Buffer {
  return Buffer.concat([Buffer.of(1), deflateRawSync(PayloadMessage.encode(payload).finish())])
}

/** As earlier builds decrypted a payload. */
function openedAsBefore(payload: Payload): Payload {
  const { current } = deriveKeyring({ current: 'test-key' }, 'payloads')
  const data = Buffer.from(payload.data ?? [])
  const decipher = createDecipheriv('aes-256-gcm', current.secret, data.subarray(0, 12))
  decipher.setAuthTag(data.subarray(12, 28))
  const plain = Buffer.concat([decipher.update(data.subarray(28)), decipher.final()])
  return PayloadMessage.decode(plain[0] === 1 ? inflateRawSync(plain.subarray(1)) : plain.subarray(1))
}
