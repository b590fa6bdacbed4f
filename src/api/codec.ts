import { setImmediate } from 'node:timers/promises'
import type { Payload, PayloadCodec } from '@temporalio/common'
import { JSONToPayload, payloadToJSON } from '@temporalio/common/lib/proto-utils.js'
import { type Context, Hono } from 'hono'
import { getCookie } from 'hono/cookie'
import { cors } from 'hono/cors'
import { z } from 'zod'
import type { Access } from '../access/index.ts'
import { reaches } from '../access/roles.ts'
import { PAYLOAD_MAX_BYTES, PayloadSizeError } from '../engine/codec.ts'
import type { Log } from '../log.ts'
import { amendAudit, writeAudit } from '../store/audit.ts'
import type { Db } from '../store/db.ts'
import type { BodyBudget } from './body-budget.ts'
import { boundedBody } from './bounded-body.ts'
import { ApiError, answerError, forbidden, refused } from './errors.ts'
import { createGuard } from './guard.ts'
import { boundJson } from './json-bounds.ts'
import { issuesOf } from './kit.ts'

/** Histories hold no payload over 2 MiB; a page asks for many at once. */
export const CODEC_BODY_MAX = 16 * 1024 * 1024

/**
 * What one request makes or reads in clear, data and metadata. As much as one payload may have: the answer stands in memory
 * several times until it is sent. Histories are refused by Temporal at 50 MiB, and the product's payloads have some KiB.
 */
const CLEAR_MAX_BYTES = PAYLOAD_MAX_BYTES

/** A page of the Web UI shows the payloads of 1,000 events at most. */
const PAYLOADS_MAX = 10_000

/** The SDKs and this product write five at most. */
const METADATA_MAX = 16

/** Some more than so many payloads of this product have. */
const JSON_BOUNDS = { values: 100_000, depth: 8 }

/** Histories hold what followers wrote. */
const NEEDS = 'operator'

const base64 = z.string().regex(/^[A-Za-z0-9+/_-]*={0,2}$/, 'no base64')
/** Counted before each field is looked at. */
const metadata = z
  .custom<object>((given) => typeof given === 'object' && given !== null, 'no object')
  .refine((given) => Object.keys(given).length <= METADATA_MAX, {
    error: `at most ${METADATA_MAX} fields`,
    abort: true,
  })
  .pipe(z.record(z.string(), base64))
/** `temporal.api.common.v1.Payloads` as JSON; fields of later versions are left out. */
const body = z.object({
  payloads: z
    .array(z.object({ metadata: metadata.nullish(), data: base64.nullish() }))
    .max(PAYLOADS_MAX, `at most ${PAYLOADS_MAX} payloads in one request`)
    .default([]),
})

/**
 * Temporal's codec server protocol (`POST /codec/encode`, `POST /codec/decode`): by it the Web UI and the `temporal`
 * command line read what is encrypted. For bearers with the role of an operator; for the configured Web UI's page also where its
 * browser is signed in to the console. No other page may ask.
 */
export function createCodecEndpoint(deps: {
  codec: PayloadCodec
  access: Pick<Access, 'readBearer' | 'client' | 'refusals' | 'cookies'> & {
    signIn: Pick<Access['signIn'], 'whose'>
  }
  db: Db
  now: () => number
  bodies: BodyBudget
  /** Where the Web UI is; null: nowhere. */
  uiUrl(): string | null
  log: Log
}): Hono {
  const { codec, access, log } = deps
  const sessionOf = (c: Context) => getCookie(c, access.cookies.session)
  const isOtherOrigin = (c: Context) => sessionOf(c) !== undefined && !isUi(c.req.header('origin'))
  const guard = createGuard(access, () => NEEDS, 'codec', isOtherOrigin)
  const noteDecoding = createDecodingNotes(deps)
  const inTurn = oneAtATime()
  const app = new Hono()
  app.onError((err, c) => answerError(err, c, log))

  const isUi = (origin: string | undefined) => {
    const url = deps.uiUrl()
    return url !== null && URL.canParse(url) && new URL(url).origin === origin
  }
  app.use(
    '/codec/*',
    cors({
      origin: (origin) => (isUi(origin) ? origin : null),
      credentials: true,
      allowMethods: ['POST'],
      maxAge: 600,
    }),
    async (c, next) => {
      // The cookie alone proves nothing: a page of another port of this host has it sent too.
      const cookie = isUi(c.req.header('origin')) ? sessionOf(c) : undefined
      const who = cookie ? await access.signIn.whose(cookie) : null
      if (!who) return guard(c, next)
      if (!reaches(who.role, NEEDS)) {
        const { address } = access.client(c)
        access.refusals.note({ where: 'codec', reason: 'role', address, actor: who.actor })
        throw forbidden(NEEDS, who.role)
      }
      c.set('who', who)
      return next()
    },
    boundedBody({
      budget: deps.bodies,
      share: 'signed-in',
      max: () => CODEC_BODY_MAX,
      tooLarge() {
        throw new ApiError(413, 'too-large', 'The payloads are over 16 MiB.')
      },
    }),
  )
  app.post('/codec/encode', async (c) => {
    const payloads = await payloadsOf(c)
    if (payloads.reduce((sum, one) => sum + sizeOf(one), 0) > CLEAR_MAX_BYTES) throw tooMuchInClear()
    return inTurn(async () => answer(c, await encodedOf(payloads)))
  })
  app.post('/codec/decode', async (c) => {
    const payloads = await payloadsOf(c)
    // First: nobody reads what is not noted.
    if (payloads.length > 0) await noteDecoding(c.get('who').actor, payloads.length)
    return inTurn(async () => answer(c, await readableOf(payloads)))
  })
  return app

  /** One after the other, with room for other requests between: a small payload may hold a large text. */
  async function readableOf(payloads: readonly Payload[]): Promise<Payload[]> {
    const decoded: Payload[] = []
    let bytes = 0
    for (const payload of payloads) {
      const one = await readable(payload)
      bytes += sizeOf(one)
      if (bytes > CLEAR_MAX_BYTES) throw tooMuchInClear()
      decoded.push(one)
      await setImmediate()
    }
    return decoded
  }

  async function encodedOf(payloads: readonly Payload[]): Promise<Payload[]> {
    const encoded: Payload[] = []
    for (const payload of payloads) {
      const made = await codec.encode([payload]).catch((err: Error) => {
        throw err instanceof PayloadSizeError ? tooLarge(err.message) : err
      })
      encoded.push(...made)
      await setImmediate()
    }
    return encoded
  }

  /** One that no key opens is shown as it is: it must not hide the others of its page. */
  async function readable(payload: Payload): Promise<Payload> {
    const [decoded] = await codec.decode([payload]).catch((err: Error) => {
      log.warn({ reason: err.message }, 'codec: a payload stays encrypted')
      return [payload]
    })
    return decoded ?? payload
  }
}

/** Runs one work after the other: a small request may make a large answer, and only one is made at a time. */
function oneAtATime() {
  let last: Promise<unknown> = Promise.resolve()
  return <T>(work: () => Promise<T>): Promise<T> => {
    const mine = last.then(work)
    last = mine.catch(() => {})
    return mine
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
const tooMuchInClear = () =>
  tooLarge(`The payloads are over ${CLEAR_MAX_BYTES / 1024 / 1024} MiB in clear. Ask for fewer at a time.`)

/** One row of the audit log counts what somebody reads within so long. */
const NOTED_TOGETHER_MS = 60_000

/**
 * Notes in the audit log who has read how many payloads, never what was in them: a row a minute for each person and token,
 * whose numbers grow. A page of the Web UI asks many times.
 */
function createDecodingNotes({ db, now }: { db: Db; now: () => number }) {
  type Row = { id: number; from: number; payloads: number; requests: number }
  /** By who reads; one request after the other, so that many at once share a row. */
  const rows = new Map<string, Promise<Row | null>>()

  async function grown(actor: string, row: Row | null, payloads: number): Promise<Row> {
    const at = now()
    if (row && at >= row.from && at - row.from < NOTED_TOGETHER_MS) {
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
    const next = before.then((row) => grown(actor, row, payloads))
    rows.set(actor, next)
    await next
  }
}

/** @throws ApiError 422 */
async function payloadsOf(c: Context): Promise<Payload[]> {
  boundJson(await c.req.bytes(), JSON_BOUNDS)
  const json: unknown = await c.req.json().catch(() => null)
  const parsed = body.safeParse(json)
  if (!parsed.success) throw refused('The body is no Payloads message as JSON.', issuesOf(parsed.error))
  return parsed.data.payloads.map(({ metadata = null, data = null }) => JSONToPayload({ metadata, data }))
}

function answer(c: Context, payloads: Payload[]): Response {
  return c.json({ payloads: payloads.map(payloadToJSON) })
}
