import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { deflateRawSync, inflateRawSync } from 'node:zlib'
import type { DataConverter, Payload, PayloadCodec, SerializationContext } from '@temporalio/common'
import proto from '@temporalio/proto'
import { READABLE_MARKER } from '../../workflows/names.ts'
import { deriveKeyring, type EncryptionKeys, type Keyring } from '../store/encryption/keyring.ts'

const { Payload: PayloadMessage } = proto.temporal.api.common.v1

/** The encoding of encrypted payloads in Temporal's own samples and tools. */
const ENCODING = 'binary/encrypted'
const IV_BYTES = 12
const TAG_BYTES = 16
/** The first byte of the plaintext: a payload follows as it is, or deflated. */
const PLAIN = 0
const DEFLATED = 1
/** Shorter payloads do not compress. */
const MIN_DEFLATE_BYTES = 128

/** Largest payload in clear, for `encode` and `decode`. Temporal refuses 2 MiB of ciphertext. */
export const PAYLOAD_MAX_BYTES = 8 * 1024 * 1024
/** Largest sum of all payloads of one call, in clear. */
export const CALL_MAX_BYTES = 32 * 1024 * 1024
/**
 * Metadata inside of the ciphertext: a hash of the workflow that the payload was written for. Builds that do not know it
 * leave it in the metadata, which converters ignore.
 */
const WORKFLOW = 'w'
const WORKFLOW_BYTES = 12
/** The same in payloads of 0.3: more bytes of the same hash. */
const WORKFLOW_0_3 = 'nurture-workflow'

/** A payload was encrypted with a key that this process does not have, or was changed. */
export class PayloadKeyError extends Error {
  override name = 'PayloadKeyError'
}

/** A payload, or the sum of all payloads of one call, exceeds the limits in clear. */
export class PayloadSizeError extends Error {
  override name = 'PayloadSizeError'
}

/**
 * Encrypts the payloads of histories (inputs, signals, results, summaries, failures): deflates them, then applies
 * AES-256-GCM. The id of the key is in the metadata. Payloads marked as readable stay plain; the mark is removed, because
 * the command line shows JSON only without other metadata. `decode` accepts plain payloads, such as signals from the
 * `temporal` command line.
 *
 * The ciphertext names its workflow where the SDK reports it. `decode` refuses a payload that names another workflow. The
 * codec endpoint knows no workflow and compares none. A payload that names no workflow is read by every workflow.
 * @param encrypt false: writes plain payloads, and still reads encrypted ones
 * @param skipWorkflowCheck true: compares no workflow
 * @throws PayloadKeyError, PayloadSizeError
 */
export function createPayloadCodec(
  keys: EncryptionKeys,
  encrypt = true,
  skipWorkflowCheck = false,
): PayloadCodec {
  const ring = deriveKeyring(keys, 'payloads')
  return {
    encode: async (payloads, context) => {
      const encryptPayload = encrypter(ring, workflowHash(context)?.subarray(0, WORKFLOW_BYTES) ?? null)
      return payloads.map((p) =>
        p.metadata?.[READABLE_MARKER] ? withoutMark(p) : encrypt ? encryptPayload(p) : p,
      )
    },
    decode: async (payloads, context) =>
      payloads.map(decrypter(ring, skipWorkflowCheck ? null : workflowHash(context))),
  }
}

/** Identifies the workflow of a payload, also for its activities; null where the SDK does not report it. */
function workflowHash(context: SerializationContext | undefined): Buffer | null {
  if (!context?.workflowId) return null
  const name = JSON.stringify([context.namespace, context.workflowId])
  return createHash('sha256').update(name).digest()
}

const failureConverterPath = fileURLToPath(new URL('./failure-converter.cjs', import.meta.url))

/** The data converter of clients and workers. Encrypts messages and stacks of failures too. */
export function createDataConverter(keys: EncryptionKeys, encrypt: boolean): DataConverter {
  const payloadCodecs = [createPayloadCodec(keys, encrypt)]
  return encrypt ? { payloadCodecs, failureConverterPath } : { payloadCodecs }
}

/**
 * The data converter of replays. It compares no workflow: the SDK replays every history in the namespace `default`
 * (`Worker.runReplayHistories` of @temporalio/worker 1.24).
 */
export function createReplayDataConverter(keys: EncryptionKeys): DataConverter {
  return { payloadCodecs: [createPayloadCodec(keys, true, true)], failureConverterPath }
}

function withoutMark({ metadata, data }: Payload): Payload {
  const { [READABLE_MARKER]: _, ...others } = metadata ?? {}
  return { metadata: others, data }
}

/** Encrypts the payloads of one call. */
function encrypter(ring: Keyring, workflow: Buffer | null): (payload: Payload) => Payload {
  let left = CALL_MAX_BYTES
  return (payload) => {
    if (isEncrypted(payload)) return payload
    const marked = workflow
      ? { ...payload, metadata: { ...payload.metadata, [WORKFLOW]: workflow } }
      : payload
    const plain = PayloadMessage.encode(marked).finish()
    left = deduct(left, plain.length)
    const iv = randomBytes(IV_BYTES)
    const cipher = createCipheriv('aes-256-gcm', ring.current.secret, iv)
    const text = [cipher.update(pack(plain)), cipher.final()]
    return {
      metadata: { encoding: Buffer.from(ENCODING), key: Buffer.from(ring.current.id) },
      data: Buffer.concat([iv, cipher.getAuthTag(), ...text]),
    }
  }
}

/** Decrypts the payloads of one call. */
function decrypter(ring: Keyring, workflow: Buffer | null): (payload: Payload) => Payload {
  let left = CALL_MAX_BYTES
  return (payload) => {
    if (!isEncrypted(payload)) return payload
    const plain = unpack(decrypt(ring, payload), Math.min(left, PAYLOAD_MAX_BYTES))
    left = deduct(left, plain.length)
    const { metadata, data } = PayloadMessage.decode(plain)
    const { [WORKFLOW_0_3]: ofRelease, [WORKFLOW]: mark = ofRelease, ...others } = metadata
    if (mark && workflow && !namesWorkflow(mark, workflow)) {
      throw new PayloadKeyError(
        'An encrypted payload was written for another workflow: it was copied, or the namespace was renamed',
      )
    }
    return { metadata: others, data }
  }
}

function namesWorkflow(mark: Uint8Array, workflow: Buffer): boolean {
  return mark.length >= WORKFLOW_BYTES && workflow.subarray(0, mark.length).equals(mark)
}

function decrypt(ring: Keyring, payload: Payload): Buffer {
  const id = Buffer.from(payload.metadata?.key ?? []).toString()
  const key = ring.byId(id)
  if (!key) {
    throw new PayloadKeyError(
      `A history was encrypted with the key ${id}, which is neither in ENCRYPTION_KEY nor in ENCRYPTION_KEY_PREVIOUS. Add that key to ENCRYPTION_KEY_PREVIOUS.`,
    )
  }
  const data = Buffer.from(payload.data ?? [])
  try {
    const decipher = createDecipheriv('aes-256-gcm', key.secret, data.subarray(0, IV_BYTES))
    decipher.setAuthTag(data.subarray(IV_BYTES, IV_BYTES + TAG_BYTES))
    const text = decipher.update(data.subarray(IV_BYTES + TAG_BYTES))
    return Buffer.concat([text, decipher.final()])
  } catch (err) {
    throw new PayloadKeyError('An encrypted payload cannot be decrypted: it was changed', { cause: err })
  }
}

/** @returns the bytes that remain for the call. @throws PayloadSizeError */
function deduct(left: number, bytes: number): number {
  if (bytes <= PAYLOAD_MAX_BYTES && bytes <= left) return left - bytes
  throw sizeError()
}

function sizeError(): PayloadSizeError {
  const mib = (bytes: number) => `${bytes / 1024 / 1024} MiB`
  return new PayloadSizeError(
    `A payload is over ${mib(PAYLOAD_MAX_BYTES)} in clear, or the payloads of one call are over ${mib(CALL_MAX_BYTES)} together`,
  )
}

/** Compresses before encryption: ciphertext does not compress, and a run's state repeats with every step. */
function pack(plain: Uint8Array): Buffer {
  return plain.length < MIN_DEFLATE_BYTES
    ? Buffer.concat([Buffer.of(PLAIN), plain])
    : Buffer.concat([Buffer.of(DEFLATED), deflateRawSync(plain)])
}

/** @param maxBytes limits the result: a small text may inflate to a thousand times its length */
function unpack(packed: Buffer, maxBytes: number): Buffer {
  const rest = packed.subarray(1)
  if (packed[0] !== DEFLATED) return rest
  try {
    // zlib refuses a limit of zero.
    return inflateRawSync(rest, { maxOutputLength: Math.max(1, maxBytes) })
  } catch (err) {
    if (err instanceof RangeError) throw sizeError()
    throw new PayloadKeyError('An encrypted payload cannot be decrypted: it does not inflate', { cause: err })
  }
}

function isEncrypted(payload: Payload): boolean {
  return Buffer.from(payload.metadata?.encoding ?? []).toString() === ENCODING
}
