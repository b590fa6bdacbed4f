import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { deflateRawSync, inflateRawSync } from 'node:zlib'
import type { DataConverter, Payload, PayloadCodec } from '@temporalio/common'
import proto from '@temporalio/proto'
import { READABLE } from '../../workflows/messages.ts'
import { deriveKeyring, type EncryptionKeys, type Keyring } from '../store/keyring.ts'

const { Payload: PayloadMessage } = proto.temporal.api.common.v1

/** The name that Temporal's own samples and tools give to encrypted payloads. */
const ENCODING = 'binary/encrypted'
const IV_BYTES = 12
const TAG_BYTES = 16
/** The first byte of what is encrypted: what follows is a payload as it is, or deflated. */
const PLAIN = 0
const DEFLATED = 1
/** Shorter ones do not get shorter. */
const DEFLATE_FROM_BYTES = 128

/** A payload that was encrypted under a key that this process does not have, or that was changed. */
export class PayloadKeyError extends Error {
  override name = 'PayloadKeyError'
}

/**
 * Encrypts what histories hold (inputs, signals, results, memo, summaries, failures): deflated, then AES-256-GCM, the
 * key's id beside it. What is marked readable stays so, without the mark: the command line shows as JSON only what has
 * no other metadata. Whatever is not encrypted is let in: signals of the `temporal`
 * command line, and runs that began before.
 * @param encrypt false: writes plain payloads, and still reads encrypted ones
 */
export function createPayloadCodec(keys: EncryptionKeys, encrypt = true): PayloadCodec {
  const ring = deriveKeyring(keys, 'payloads')
  return {
    encode: async (payloads) =>
      payloads.map((p) => (p.metadata?.[READABLE] ? unmarked(p) : encrypt ? seal(ring, p) : p)),
    decode: async (payloads) => payloads.map((p) => open(ring, p)),
  }
}

const failureConverterPath = fileURLToPath(new URL('./failure-converter.cjs', import.meta.url))

/** What clients and workers turn values into, and failures: their messages and stacks are payloads too. */
export function createDataConverter(keys: EncryptionKeys, encrypt: boolean): DataConverter {
  const payloadCodecs = [createPayloadCodec(keys, encrypt)]
  return encrypt ? { payloadCodecs, failureConverterPath } : { payloadCodecs }
}

function unmarked({ metadata, data }: Payload): Payload {
  const { [READABLE]: _, ...others } = metadata ?? {}
  return { metadata: others, data }
}

function seal(ring: Keyring, payload: Payload): Payload {
  if (isEncrypted(payload)) return payload
  const iv = randomBytes(IV_BYTES)
  const cipher = createCipheriv('aes-256-gcm', ring.current.secret, iv)
  const text = [cipher.update(pack(payload)), cipher.final()]
  return {
    metadata: { encoding: Buffer.from(ENCODING), key: Buffer.from(ring.current.id) },
    data: Buffer.concat([iv, cipher.getAuthTag(), ...text]),
  }
}

function open(ring: Keyring, payload: Payload): Payload {
  if (!isEncrypted(payload)) return payload
  const id = Buffer.from(payload.metadata?.key ?? []).toString()
  const key = ring.byId(id)
  if (!key) {
    throw new PayloadKeyError(
      `A history was encrypted with the key ${id}, which is neither in ENCRYPTION_KEY nor in ENCRYPTION_KEY_PREVIOUS. Give it back there.`,
    )
  }
  const data = Buffer.from(payload.data ?? [])
  try {
    const decipher = createDecipheriv('aes-256-gcm', key.secret, data.subarray(0, IV_BYTES))
    decipher.setAuthTag(data.subarray(IV_BYTES, IV_BYTES + TAG_BYTES))
    const text = decipher.update(data.subarray(IV_BYTES + TAG_BYTES))
    return unpack(Buffer.concat([text, decipher.final()]))
  } catch (err) {
    throw new PayloadKeyError('An encrypted payload cannot be opened: it was changed', { cause: err })
  }
}

/** Encrypted text cannot be compressed any more, and a run's state is said again with every step. */
function pack(payload: Payload): Buffer {
  const plain = PayloadMessage.encode(payload).finish()
  return plain.length < DEFLATE_FROM_BYTES
    ? Buffer.concat([Buffer.of(PLAIN), plain])
    : Buffer.concat([Buffer.of(DEFLATED), deflateRawSync(plain)])
}

function unpack(packed: Buffer): Payload {
  const rest = packed.subarray(1)
  return PayloadMessage.decode(packed[0] === DEFLATED ? inflateRawSync(rest) : rest)
}

function isEncrypted(payload: Payload): boolean {
  return Buffer.from(payload.metadata?.encoding ?? []).toString() === ENCODING
}
