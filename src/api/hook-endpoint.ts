import { createHash } from 'node:crypto'
import { type Context, Hono, type MiddlewareHandler } from 'hono'
import { createNetworkAttemptLimiter } from '../auth/attempt-limiter.ts'
import type { ClientReader } from '../auth/http/client-address.ts'
import { widestNetworkOf } from '../auth/http/ip-networks.ts'
import type { BriefCache } from '../shared/brief-cache.ts'
import { maskId } from '../shared/ids.ts'
import type { Log } from '../shared/log.ts'
import type { HookResult } from '../shared/metrics.ts'
import { unstorablePaths } from '../shared/text.ts'
import { SECOND_MS } from '../shared/time-units.ts'
import { readUtf8 } from '../shared/utf8.ts'
import type { Db } from '../store/db.ts'
import type { OpenedHook } from '../store/hooks/hook-store.ts'
import { isSignedBy, readSignature, SIGNATURE_HEADER, type SignatureClaim } from '../webhooks/signature.ts'
import { ApiError, refused, respondWithError } from './api-error.ts'
import type { BodyBudget } from './body/body-budget.ts'
import { boundedBody } from './body/bounded-body.ts'
import { checkJsonLimits } from './body/json-limits.ts'
import { describeJsonError } from './describe-json-error.ts'
import {
  type FollowerRequestDeps,
  type RequestResult,
  type RequestStores,
  requestEnter,
  requestFacts,
} from './follower-requests.ts'
import { type HookRequest, readHookRequest } from './hook-request.ts'

const MAX_BODY_BYTES = 64 * 1024
const JSON_LIMITS = { values: 2_000, depth: 16 }
/** Requests without a valid signature from one address. Signed ones do not count. */
const UNSIGNED = { burst: 20, everyMs: SECOND_MS }

/** The hook of a request, and the signature that its header claims. */
type SignedEnv = { Variables: { hook: OpenedHook; claim: SignatureClaim } }

export interface HookEndpointDeps extends FollowerRequestDeps {
  db: Db
  /** The stores within a transaction. */
  storesIn(tx: Db): Omit<RequestStores, 'tx'>
  /** All hooks, read at most once a second. */
  hooks: Pick<BriefCache<readonly OpenedHook[]>, 'get'>
  dispatcher: { wake(): void }
  bodyBudget: BodyBudget
  client: ClientReader
  count(result: HookResult): void
  log: Log
}

/**
 * `POST /hooks/{name}`: another system sets facts of a follower or starts a campaign. The signature (`Nurture-Signature`, as of
 * our own webhooks) is checked over the raw body before anything of it is parsed. All requests without a valid signature get
 * the same answer, so that names cannot be guessed.
 */
export function createHookEndpoint(deps: HookEndpointDeps): Hono<SignedEnv> {
  const { now, log } = deps
  const app = new Hono<SignedEnv>()
  const unsigned = createNetworkAttemptLimiter({ ...UNSIGNED, now })
  app.onError((err, c) => {
    if (err instanceof ApiError && err.status !== 401 && err.status !== 429) deps.count('refused')
    return respondWithError(err, c, log)
  })
  const refuseUnsigned = (c: Context): never => {
    unsigned.consume(deps.client(c).address)
    deps.count('unsigned')
    const message = `A valid ${SIGNATURE_HEADER} of a known hook is required, at most 5 minutes old.`
    throw new ApiError(401, 'unauthorised', message)
  }
  /** Before anything of the body is read. */
  const findHook: MiddlewareHandler<SignedEnv> = async (c, next) => {
    const waitMs = unsigned.waitMs(deps.client(c).address)
    if (waitMs > 0) throw tooMany(waitMs)
    const claim = readSignature(c.req.header(SIGNATURE_HEADER), now())
    const hook = claim && (await deps.hooks.get()).find(({ name }) => name === c.req.param('name'))
    if (!claim || !hook) return refuseUnsigned(c)
    c.set('hook', hook)
    c.set('claim', claim)
    return next()
  }
  app.post('/hooks/:name', findHook, limitBody(deps), async (c) => {
    const { hook, claim } = c.var
    const body = new Uint8Array(await c.req.arrayBuffer())
    if (!isSignedBy(hook.secrets, claim, body)) return refuseUnsigned(c)
    const read = readHookRequest(hook.settings, parseBody(body))
    if ('issues' in read) throw refused('The request has invalid fields.', read.issues)
    const result = await perform(deps, hook, read.request, claim, body)
    deps.count(result)
    deps.dispatcher.wake()
    const { appId, openId, campaign } = read.request
    log.info({ hook: hook.name, appId, follower: maskId(openId), campaign, result }, 'hook request accepted')
    return c.json({ accepted: true, duplicate: result === 'duplicate' }, 202)
  })
  return app
}

/** Bounds the body as that of an anonymous client: its signature is not checked yet. */
function limitBody({ bodyBudget, client }: HookEndpointDeps): MiddlewareHandler {
  return boundedBody({
    budget: bodyBudget,
    pool: 'anonymous',
    max: () => MAX_BODY_BYTES,
    sender: (c) => {
      const { address } = client(c)
      return address && widestNetworkOf(address)
    },
    tooLarge: () => {
      throw new ApiError(413, 'too-large', 'The body is larger than 64 KiB.')
    },
  })
}

/** A repeated request has the same id, or the same body and time of signature. Only signed content counts. */
function perform(
  deps: HookEndpointDeps,
  hook: OpenedHook,
  { appId, openId, campaign, facts, id }: HookRequest,
  { t }: SignatureClaim,
  body: Uint8Array,
): Promise<RequestResult> {
  const event = id ?? `${t}.${createHash('sha256').update(body).digest('base64url')}`
  const wanted = { follower: { appId, openId }, facts, key: JSON.stringify(['hook', hook.name, event]) }
  return deps.db.transaction((tx) => {
    const stores = { tx, ...deps.storesIn(tx) }
    return campaign === null
      ? requestFacts(deps, stores, wanted)
      : requestEnter(deps, stores, { ...wanted, campaign })
  })
}

/** @throws ApiError 422 unless the body is bounded JSON in UTF-8 with texts that can be stored */
function parseBody(body: Uint8Array): unknown {
  const read = readUtf8(body, { show: false })
  if (!read.ok) throw refused(`The body ${read.message}`)
  checkJsonLimits(body, JSON_LIMITS)
  let parsed: unknown
  try {
    parsed = JSON.parse(read.text)
  } catch {
    throw refused(describeJsonError(read.text))
  }
  const paths = unstorablePaths(parsed)
  if (paths.length === 0) return parsed
  const message = 'contains a NUL character or half of a surrogate pair: send the complete text'
  throw refused(
    'The request has a text that cannot be stored.',
    paths.map((path) => ({ path, message })),
  )
}

function tooMany(waitMs: number): ApiError {
  const seconds = Math.ceil(waitMs / 1000)
  const message = `Too many requests without a valid signature from this address. Try again in ${seconds} s.`
  return new ApiError(429, 'too-many', message, undefined, { 'retry-after': String(seconds) })
}
