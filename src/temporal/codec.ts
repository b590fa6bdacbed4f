import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { deflateRawSync, inflateRawSync } from 'node:zlib'
import type { DataConverter, Payload, PayloadCodec, SerializationContext } from '@temporalio/common'
import proto from '@temporalio/proto'
import { READABLE_MARKER } from '../../workflows/names.ts'
import { deriveKeyring, type EncryptionKeys, type Keyring } from '../store/encryption/keyring.ts'

const { Payload: PayloadMessage } = proto.temporal.api.common.v1

/** The name that Temporal's own samples and tools give to encrypted payloads. */
const ENCODING = 'binary/encrypted'
const IV_BYTES = 12
const TAG_BYTES = 16
/** The first byte of what is encrypted: what follows is a payload as it is, or deflated. */
const PLAIN = 0
const DEFLATED = 1
/** Shorter ones do not get shorter. */
const MIN_DEFLATE_BYTES = 128

/** One payload in clear: `decode` never makes a longer one, and `encode` takes none. Temporal refuses 2 MiB of ciphertext. */
export const PAYLOAD_MAX_BYTES = 8 * 1024 * 1024
/** All payloads of one call together, in clear. */
export const CALL_MAX_BYTES = 32 * 1024 * 1024
/**
 * Inside of what is encrypted: the workflow that the payload was written for. A build of the product that does not know
 * it leaves it in the payload's metadata, where no converter looks at it.
 */
const WORKFLOW = 'nurture-workflow'
const WORKFLOW_BYTES = 16

/** A payload that was encrypted under a key that this process does not have, or that was changed. */
export class PayloadKeyError extends Error {
  override name = 'PayloadKeyError'
}

/** A payload, or all payloads of one call, that are larger in clear than the codec handles. */
export class PayloadSizeError extends Error {
  override name = 'PayloadSizeError'
}

/**
 * Encrypts what histories hold (inputs, signals, results, memo, summaries, failures): deflated, then AES-256-GCM, the
 * key's id beside it. What is marked readable stays so, without the mark: the command line shows as JSON only what has
 * no other metadata. Whatever is not encrypted is let in: signals of the `temporal`
 * command line, and runs that began before.
 *
 * Where the SDK says for which workflow a payload is written, that workflow stands inside of the ciphertext; where it says
 * of which workflow a payload was read, one that names another workflow is refused. The codec endpoint is told no workflow
 * and compares nothing. A payload without a workflow (from before, or made by the codec endpoint) is read anywhere.
 * Payloads are handled one after the other, within `PAYLOAD_MAX_BYTES` and `CALL_MAX_BYTES`.
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
      const encryptPayload = encrypter(ring, workflowMark(context))
      return payloads.map((p) =>
        p.metadata?.[READABLE_MARKER] ? withoutMark(p) : encrypt ? encryptPayload(p) : p,
      )
    },
    decode: async (payloads, context) =>
      payloads.map(decrypter(ring, skipWorkflowCheck ? null : workflowMark(context))),
  }
}

/** Which workflow a payload belongs to, also one of its activities; null where the SDK does not say it. */
function workflowMark(context: SerializationContext | undefined): Buffer | null {
  if (!context?.workflowId) return null
  const name = JSON.stringify([context.namespace, context.workflowId])
  return createHash('sha256').update(name).digest().subarray(0, WORKFLOW_BYTES)
}

const failureConverterPath = fileURLToPath(new URL('./failure-converter.cjs', import.meta.url))

/** What clients and workers turn values into, and failures: their messages and stacks are payloads too. */
export function createDataConverter(keys: EncryptionKeys, encrypt: boolean): DataConverter {
  const payloadCodecs = [createPayloadCodec(keys, encrypt)]
  return encrypt ? { payloadCodecs, failureConverterPath } : { payloadCodecs }
}

/**
 * To replay histories, also of several workflows. The SDK replays in a namespace `default`, whatever the history's was
 * (`Worker.runReplayHistories` of @temporalio/worker 1.24), so that no workflow can be compared.
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
    const { [WORKFLOW]: mark, ...others } = metadata
    if (mark && workflow && !workflow.equals(mark)) {
      throw new PayloadKeyError(
        'An encrypted payload was written for another workflow: it was copied from there, or the namespace has another name now',
      )
    }
    return { metadata: others, data }
  }
}

function decrypt(ring: Keyring, payload: Payload): Buffer {
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
    return Buffer.concat([text, decipher.final()])
  } catch (err) {
    throw new PayloadKeyError('An encrypted payload cannot be opened: it was changed', { cause: err })
  }
}

/** @returns how many bytes are left to the call */
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

/** Encrypted text cannot be compressed any more, and a run's state is said again with every step. */
function pack(plain: Uint8Array): Buffer {
  return plain.length < MIN_DEFLATE_BYTES
    ? Buffer.concat([Buffer.of(PLAIN), plain])
    : Buffer.concat([Buffer.of(DEFLATED), deflateRawSync(plain)])
}

/** @param maxBytes the most bytes that are made: a small text may inflate to a thousand times its length */
function unpack(packed: Buffer, maxBytes: number): Buffer {
  const rest = packed.subarray(1)
  if (packed[0] !== DEFLATED) return rest
  try {
    // zlib takes no limit of zero.
    return inflateRawSync(rest, { maxOutputLength: Math.max(1, maxBytes) })
  } catch (err) {
    if (err instanceof RangeError) throw sizeError()
    throw new PayloadKeyError('An encrypted payload cannot be opened: it does not inflate', { cause: err })
  }
}

function isEncrypted(payload: Payload): boolean {
  return Buffer.from(payload.metadata?.encoding ?? []).toString() === ENCODING
}
