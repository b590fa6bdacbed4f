import { setImmediate } from 'node:timers/promises'
import type { Payload, PayloadCodec } from '@temporalio/common'
import { JSONToPayload, payloadToJSON } from '@temporalio/common/lib/proto-utils.js'
import { type Context, Hono } from 'hono'
import { getCookie } from 'hono/cookie'
import { cors } from 'hono/cors'
import { z } from 'zod'
import type { Access } from '../access/index.ts'
import { reaches } from '../access/roles.ts'
import { CALL_MAX_BYTES, PayloadSizeError } from '../engine/codec.ts'
import type { Log } from '../log.ts'
import type { BodyBudget } from './body-budget.ts'
import { boundedBody } from './bounded-body.ts'
import { ApiError, answerError, forbidden, refused } from './errors.ts'
import { createGuard } from './guard.ts'
import { issuesOf } from './kit.ts'

/** Histories hold no payload over 2 MiB; a page asks for many at once. */
export const CODEC_BODY_MAX = 16 * 1024 * 1024

/** A page of the Web UI shows the payloads of 1,000 events at most. */
const PAYLOADS_MAX = 10_000

/** Histories hold what followers wrote. */
const NEEDS = 'operator'

const base64 = z.string().regex(/^[A-Za-z0-9+/_-]*={0,2}$/, 'no base64')
/** `temporal.api.common.v1.Payloads` as JSON; fields of later versions are left out. */
const body = z.object({
  payloads: z
    .array(z.object({ metadata: z.record(z.string(), base64).nullish(), data: base64.nullish() }))
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
  access: Pick<Access, 'readBearer' | 'client'> & { signIn: Pick<Access['signIn'], 'whose'> }
  sessionCookie: string
  bodies: BodyBudget
  /** Where the Web UI is; null: nowhere. */
  uiUrl(): string | null
  log: Log
}): Hono {
  const { codec, access, sessionCookie, log } = deps
  const guard = createGuard(access, () => NEEDS)
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
      const cookie = isUi(c.req.header('origin')) ? getCookie(c, sessionCookie) : undefined
      const who = cookie ? await access.signIn.whose(cookie) : null
      if (!who) return guard(c, next)
      if (!reaches(who.role, NEEDS)) throw forbidden(NEEDS, who.role)
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
    const encoded = await codec.encode(payloads).catch((err: Error) => {
      throw err instanceof PayloadSizeError ? tooLarge(err.message) : err
    })
    return answer(c, encoded)
  })
  app.post('/codec/decode', async (c) => answer(c, await readableOf(await payloadsOf(c))))
  return app

  /** One after the other, with room for other requests between: a small payload may hold a large text. */
  async function readableOf(payloads: readonly Payload[]): Promise<Payload[]> {
    const decoded: Payload[] = []
    let bytes = 0
    for (const payload of payloads) {
      const one = await readable(payload)
      bytes += one.data?.length ?? 0
      if (bytes > CALL_MAX_BYTES) {
        throw tooLarge(
          `The payloads are over ${CALL_MAX_BYTES / 1024 / 1024} MiB in clear. Ask for fewer at a time.`,
        )
      }
      decoded.push(one)
      await setImmediate()
    }
    return decoded
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

const tooLarge = (message: string) => new ApiError(413, 'too-large', message)

async function payloadsOf(c: Context): Promise<Payload[]> {
  const json: unknown = await c.req.json().catch(() => null)
  const parsed = body.safeParse(json)
  if (!parsed.success) throw refused('The body is no Payloads message as JSON.', issuesOf(parsed.error))
  return parsed.data.payloads.map(({ metadata = null, data = null }) => JSONToPayload({ metadata, data }))
}

function answer(c: Context, payloads: Payload[]): Response {
  return c.json({ payloads: payloads.map(payloadToJSON) })
}
