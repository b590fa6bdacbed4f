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

/** Histories hold no payload over 2 MiB; a page asks for many at once. */
export const MAX_CODEC_BODY_BYTES = 16 * 1024 * 1024

/**
 * What one request makes or reads in clear, data and metadata. As much as one payload may have: the answer stands in memory
 * several times until it is sent. Histories are refused by Temporal at 50 MiB, and the product's payloads have some KiB.
 */
const MAX_DECODED_BYTES = PAYLOAD_MAX_BYTES

/** A page of the Web UI shows the payloads of 1,000 events at most. */
const MAX_PAYLOADS = 10_000

/** The SDKs and this product write five at most. */
const MAX_METADATA_FIELDS = 16

/** Some more than so many payloads of this product have. */
const JSON_LIMITS = { values: 100_000, depth: 8 }

/** Histories hold what followers wrote. */
const REQUIRED_ROLE = 'operator'

const base64 = z.string().regex(/^[A-Za-z0-9+/_-]*={0,2}$/, 'no base64')
/** Counted before each field is looked at. */
const metadata = z
  .custom<object>((given) => typeof given === 'object' && given !== null, 'no object')
  .refine((given) => Object.keys(given).length <= MAX_METADATA_FIELDS, {
    error: `at most ${MAX_METADATA_FIELDS} fields`,
    abort: true,
  })
  .pipe(z.record(z.string(), base64))
/** `temporal.api.common.v1.Payloads` as JSON; fields of later versions are left out. */
const body = z.object({
  payloads: z
    .array(z.object({ metadata: metadata.nullish(), data: base64.nullish() }))
    .max(MAX_PAYLOADS, `at most ${MAX_PAYLOADS} payloads in one request`)
    .default([]),
})

/**
 * Temporal's codec server protocol (`POST /codec/encode`, `POST /codec/decode`): by it the Web UI and the `temporal`
 * command line read what is encrypted. For bearers with the role of an operator; for the configured Web UI's page also where its
 * browser is signed in to the console. No other page may ask.
 */
export function createCodecEndpoint(deps: {
  codec: PayloadCodec
  auth: Pick<Auth, 'authenticate' | 'client' | 'refusals' | 'cookies'> & {
    signIn: Pick<Auth['signIn'], 'principalOf'>
  }
  db: Db
  now: () => number
  bodyBudget: BodyBudget
  /** Where the Web UI is; null: nowhere. */
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
      // The cookie alone proves nothing: a page of another port of this host has it sent too.
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
        throw new ApiError(413, 'too-large', 'The payloads are over 16 MiB.')
      },
    }),
  )
  app.post('/codec/encode', async (c) => {
    const payloads = await payloadsOf(c)
    if (payloads.reduce((sum, one) => sum + sizeOf(one), 0) > MAX_DECODED_BYTES) throw decodedTooLarge()
    return runSerially(async () => payloadsResponse(c, await encodeAll(codec, payloads)))
  })
  app.post('/codec/decode', async (c) => {
    const payloads = await payloadsOf(c)
    // First: nobody reads what is not noted.
    if (payloads.length > 0) await auditDecode(c.get('principal').actor, payloads.length)
    return runSerially(async () => payloadsResponse(c, await decodeAll(codec, payloads, log)))
  })
  return app
}

/** One after the other, with room for other requests between: a small payload may hold a large text. */
async function decodeAll(codec: PayloadCodec, payloads: readonly Payload[], log: Log): Promise<Payload[]> {
  const decoded: Payload[] = []
  let bytes = 0
  for (const payload of payloads) {
    const one = await decodeOrKeep(codec, payload, log)
    bytes += sizeOf(one)
    if (bytes > MAX_DECODED_BYTES) throw decodedTooLarge()
    decoded.push(one)
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

/** One that no key opens is shown as it is: it must not hide the others of its page. */
async function decodeOrKeep(codec: PayloadCodec, payload: Payload, log: Log): Promise<Payload> {
  const [decoded] = await codec.decode([payload]).catch((err: Error) => {
    log.warn({ reason: err.message }, 'codec: a payload stays encrypted')
    return [payload]
  })
  return decoded ?? payload
}

/** Runs one work after the other: a small request may make a large answer, and only one is made at a time. */
function createSerialQueue() {
  let last: Promise<unknown> = Promise.resolve()
  return <T>(work: () => Promise<T>): Promise<T> => {
    const result = last.then(work)
    last = result.catch(() => {})
    return result
  }
}

/** What a field of the metadata takes beside its name and value, about. */
const ENTRY_BYTES = 64

/** Metadata too, with its names: it inflates as well as data does. */
function sizeOf({ metadata, data }: Payload): number {
  let size = data?.length ?? 0
  for (const [name, bytes] of Object.entries(metadata ?? {})) size += name.length + bytes.length + ENTRY_BYTES
  return size
}

const tooLarge = (message: string) => new ApiError(413, 'too-large', message)
const decodedTooLarge = () =>
  tooLarge(`The payloads are over ${MAX_DECODED_BYTES / 1024 / 1024} MiB in clear. Ask for fewer at a time.`)

/** One row of the audit log counts what somebody reads within so long. */
const AUDIT_WINDOW_MS = 60_000

/**
 * Notes in the audit log who has read how many payloads, never what was in them: a row a minute for each person and token,
 * whose numbers grow. A page of the Web UI asks many times.
 */
function createDecodeAudit({ db, now }: { db: Db; now: () => number }) {
  type Row = { id: number; from: number; payloads: number; requests: number }
  /** By who reads; one request after the other, so that many at once share a row. */
  const rows = new Map<string, Promise<Row | null>>()

  async function addToRow(actor: string, row: Row | null, payloads: number): Promise<Row> {
    const at = now()
    if (row && at >= row.from && at - row.from < AUDIT_WINDOW_MS) {
      const more = { ...row, payloads: row.payloads + payloads, requests: row.requests + 1 }
      await amendAudit(db, row.id, { payloads: more.payloads, requests: more.requests })
      return more
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
  const parsed = body.safeParse(json)
  if (!parsed.success) throw refused('The body is no Payloads message as JSON.', schemaIssues(parsed.error))
  return parsed.data.payloads.map(({ metadata = null, data = null }) => JSONToPayload({ metadata, data }))
}

function payloadsResponse(c: Context, payloads: Payload[]): Response {
  return c.json({ payloads: payloads.map(payloadToJSON) })
}
