import { setImmediate } from 'node:timers/promises'
import type { Payload, PayloadCodec } from '@temporalio/common'
import { JSONToPayload, payloadToJSON } from '@temporalio/common/lib/proto-utils.js'
import { type Context, Hono } from 'hono'
import { getCookie } from 'hono/cookie'
import { cors } from 'hono/cors'
import { z } from 'zod'
import type { Auth } from '../../auth/auth.ts'
import { hasRole } from '../../auth/roles.ts'
import type { Log } from '../../shared/log.ts'
import type { Db } from '../../store/db.ts'
import { amendAudit, writeAudit } from '../../store/users/audit-log.ts'
import { PAYLOAD_MAX_BYTES, PayloadSizeError } from '../../temporal/codec.ts'
import { ApiError, forbidden, refused, respondWithError } from '../api-error.ts'
import { createBearerGuard } from '../bearer-guard.ts'
import type { BodyBudget } from '../body/body-budget.ts'
import { boundedBody } from '../body/bounded-body.ts'
import { checkJsonLimits } from '../body/json-limits.ts'
import { schemaIssues } from '../routes/route-helpers.ts'

/** Histories have no payload over 2 MiB. A page requests many payloads at once. */
export const MAX_CODEC_BODY_BYTES = 16 * 1024 * 1024

/**
 * The decoded data and metadata of one request, bytes. The limit is that of one payload, because the response is in memory
 * several times until it is sent. The payloads of the product have some KiB.
 */
const MAX_DECODED_BYTES = PAYLOAD_MAX_BYTES

/** A page of the Web UI shows the payloads of at most 1,000 events. */
const MAX_PAYLOADS = 10_000

/** The SDKs and this product write at most five. */
const MAX_METADATA_FIELDS = 16

/** More than MAX_PAYLOADS payloads of this product need. */
const JSON_LIMITS = { values: 100_000, depth: 8 }

/** Histories have the messages of followers. */
const REQUIRED_ROLE = 'operator'

const base64 = z.string().regex(/^[A-Za-z0-9+/_-]*={0,2}$/, 'is not base64')
/** The number of fields is checked before the fields. */
const metadata = z
  .custom<object>((given) => typeof given === 'object' && given !== null, 'is not an object')
  .refine((given) => Object.keys(given).length <= MAX_METADATA_FIELDS, {
    error: `at most ${MAX_METADATA_FIELDS} fields`,
    abort: true,
  })
  .pipe(z.record(z.string(), base64))
/** `temporal.api.common.v1.Payloads` as JSON. Unknown fields are dropped. */
const payloadsMessage = z.object({
  payloads: z
    .array(z.object({ metadata: metadata.nullish(), data: base64.nullish() }))
    .max(MAX_PAYLOADS, `at most ${MAX_PAYLOADS} payloads in one request`)
    .default([]),
})

/**
 * Temporal's codec server protocol: `POST /codec/encode` and `POST /codec/decode`. The Web UI and the `temporal` command line
 * read encrypted payloads with it. It needs a bearer token with the role operator. A page of the configured Web UI may also
 * use the session of the console in the same browser. Pages of other origins are refused.
 */
export function createCodecEndpoint(deps: {
  codec: PayloadCodec
  auth: Pick<Auth, 'authenticate' | 'client' | 'refusals' | 'cookies'> & {
    signIn: Pick<Auth['signIn'], 'principalOf'>
  }
  db: Db
  now: () => number
  bodyBudget: BodyBudget
  /** The address of the Web UI; null: none is configured. */
  webUiUrl(): string | null
  log: Log
}): Hono {
  const { codec, auth: access, log } = deps
  const sessionOf = (c: Context) => getCookie(c, access.cookies.session)
  const isOtherOrigin = (c: Context) => sessionOf(c) !== undefined && !isWebUi(c.req.header('origin'))
  const guard = createBearerGuard(access, () => REQUIRED_ROLE, 'codec', isOtherOrigin)
  const auditDecode = createDecodeAudit(deps)
  const runSerially = createSerialQueue()
  const app = new Hono()
  app.onError((err, c) => respondWithError(err, c, log))

  const isWebUi = (origin: string | undefined) => {
    const url = deps.webUiUrl()
    return url !== null && URL.canParse(url) && new URL(url).origin === origin
  }
  app.use(
    '/codec/*',
    cors({
      origin: (origin) => (isWebUi(origin) ? origin : null),
      credentials: true,
      allowMethods: ['POST'],
      maxAge: 600,
    }),
    async (c, next) => {
      // The cookie alone is not enough: browsers also send it for pages of other ports of this host.
      const cookie = isWebUi(c.req.header('origin')) ? sessionOf(c) : undefined
      const principal = cookie ? await access.signIn.principalOf(cookie) : null
      if (!principal) return guard(c, next)
      if (!hasRole(principal.role, REQUIRED_ROLE)) {
        const { address } = access.client(c)
        access.refusals.record({ where: 'codec', reason: 'role', address, actor: principal.actor })
        throw forbidden(REQUIRED_ROLE, principal.role)
      }
      c.set('principal', principal)
      return next()
    },
    boundedBody({
      budget: deps.bodyBudget,
      pool: 'signed-in',
      max: () => MAX_CODEC_BODY_BYTES,
      tooLarge() {
        throw new ApiError(413, 'too-large', 'The request is larger than 16 MiB.')
      },
    }),
  )
  app.post('/codec/encode', async (c) => {
    const payloads = await payloadsOf(c)
    if (payloads.reduce((sum, payload) => sum + sizeOf(payload), 0) > MAX_DECODED_BYTES)
      throw decodedTooLarge()
    return runSerially(async () => payloadsResponse(c, await encodeAll(codec, payloads)))
  })
  app.post('/codec/decode', async (c) => {
    const payloads = await payloadsOf(c)
    // Before decoding, so that nothing is read without a row in the audit log.
    if (payloads.length > 0) await auditDecode(c.get('principal').actor, payloads.length)
    return runSerially(async () => payloadsResponse(c, await decodeAll(codec, payloads, log)))
  })
  return app
}

/** Decodes payloads one by one, and yields to other requests in between: a small payload may decode to a large text. */
async function decodeAll(codec: PayloadCodec, payloads: readonly Payload[], log: Log): Promise<Payload[]> {
  const decoded: Payload[] = []
  let bytes = 0
  for (const payload of payloads) {
    const result = await decodeOrKeep(codec, payload, log)
    bytes += sizeOf(result)
    if (bytes > MAX_DECODED_BYTES) throw decodedTooLarge()
    decoded.push(result)
    await setImmediate()
  }
  return decoded
}

async function encodeAll(codec: PayloadCodec, payloads: readonly Payload[]): Promise<Payload[]> {
  const encoded: Payload[] = []
  for (const payload of payloads) {
    const encodedPayload = await codec.encode([payload]).catch((err: Error) => {
      throw err instanceof PayloadSizeError ? tooLarge(err.message) : err
    })
    encoded.push(...encodedPayload)
    await setImmediate()
  }
  return encoded
}

/** A payload that no key decrypts is returned as it is, so that the page can show the others. */
async function decodeOrKeep(codec: PayloadCodec, payload: Payload, log: Log): Promise<Payload> {
  const [decoded] = await codec.decode([payload]).catch((err: Error) => {
    log.warn({ reason: err.message }, 'codec: payload cannot be decrypted')
    return [payload]
  })
  return decoded ?? payload
}

/** Runs tasks one after another, because a small request may have a large response. */
function createSerialQueue() {
  let last: Promise<unknown> = Promise.resolve()
  return <T>(task: () => Promise<T>): Promise<T> => {
    const result = last.then(task)
    last = result.catch(() => {})
    return result
  }
}

/** Approximate memory of a metadata field, in addition to its name and value. */
const ENTRY_BYTES = 64

/** The size of data and metadata: both can be compressed. */
function sizeOf({ metadata, data }: Payload): number {
  let size = data?.length ?? 0
  for (const [name, bytes] of Object.entries(metadata ?? {})) size += name.length + bytes.length + ENTRY_BYTES
  return size
}

const tooLarge = (message: string) => new ApiError(413, 'too-large', message)
const decodedTooLarge = () =>
  tooLarge(
    `The decoded payloads are larger than ${MAX_DECODED_BYTES / 1024 / 1024} MiB. Request fewer at a time.`,
  )

/** The period that one row of the audit log covers. */
const AUDIT_WINDOW_MS = 60_000

/**
 * Records in the audit log who decoded how many payloads, without their content. Each user or token has one row a minute,
 * with growing numbers, because a page of the Web UI makes many requests.
 */
function createDecodeAudit({ db, now }: { db: Db; now: () => number }) {
  type Row = { id: number; from: number; payloads: number; requests: number }
  /** By actor. The requests of an actor run one after another, so that concurrent ones share a row. */
  const rows = new Map<string, Promise<Row | null>>()

  async function addToRow(actor: string, row: Row | null, payloads: number): Promise<Row> {
    const at = now()
    if (row && at >= row.from && at - row.from < AUDIT_WINDOW_MS) {
      const updated = { ...row, payloads: row.payloads + payloads, requests: row.requests + 1 }
      await amendAudit(db, row.id, { payloads: updated.payloads, requests: updated.requests })
      return updated
    }
    const details = { payloads, requests: 1 }
    const id = await writeAudit(db, { actor, action: 'codec.decode', target: 'payloads', details, at })
    return { id, from: at, ...details }
  }

  return async (actor: string, payloads: number): Promise<void> => {
    const before = (rows.get(actor) ?? Promise.resolve(null)).catch(() => null)
    const next = before.then((row) => addToRow(actor, row, payloads))
    rows.set(actor, next)
    await next
  }
}

/** @throws ApiError 422 */
async function payloadsOf(c: Context): Promise<Payload[]> {
  checkJsonLimits(await c.req.bytes(), JSON_LIMITS)
  const json: unknown = await c.req.json().catch(() => null)
  const parsed = payloadsMessage.safeParse(json)
  if (!parsed.success)
    throw refused('The body is not a Payloads message in JSON.', schemaIssues(parsed.error))
  return parsed.data.payloads.map(({ metadata = null, data = null }) => JSONToPayload({ metadata, data }))
}

function payloadsResponse(c: Context, payloads: Payload[]): Response {
  return c.json({ payloads: payloads.map(payloadToJSON) })
}
