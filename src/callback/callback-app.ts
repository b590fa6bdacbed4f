import { createHash } from 'node:crypto'
import { type Context, Hono } from 'hono'
import { isAppId, maskId } from '../shared/ids.ts'
import type { Log } from '../shared/log.ts'
import { createRateLimitedLog } from '../shared/rate-limited-log.ts'
import { truncateText } from '../shared/text.ts'
import type { Accepted, NewInboxRow } from '../store/inbox/inbox-rows.ts'
import { noopTracing, type Tracing } from '../tracing/tracing.ts'
import {
  answerChallenge,
  type CallbackAccount,
  freshSignature,
  openCallback,
  type ReceivedMode,
  UNAUTHORISED,
} from '../wechat/callback/envelope.ts'
import { dedupeKey, type Inbound, parseInbound } from '../wechat/callback/events.ts'
import type { Forward } from '../wechat/callback/outbound-envelope.ts'
import { type PassiveReply, renderReply, withoutEmptyParts } from '../wechat/callback/reply.ts'
import { CallbackBodyError } from '../wechat/callback/xml-json.ts'
import type { ArrivingEvent } from './accept/reply-eligibility.ts'
import {
  type AdmissionControl,
  createAdmissionControl,
  EvictedError,
  type Permit,
} from './admission-control.ts'
import { callbackPath } from './callback-path.ts'
import { eventFields } from './event-fields.ts'
import type { Forwarder } from './forward/forward-event.ts'
import { declaredBytes, readBody } from './read-body.ts'
import { measureSkew, type SkewMonitor } from './skew-monitor.ts'

const MAX_BODY_BYTES = 64 * 1024
/** So much of a wrong path goes to the log. */
const MAX_LOGGED_PATH = 100
/** WeChat waits 5 s; a callback that is not stored by then must fail, so that WeChat sends it again. */
export const STORE_DEADLINE_MS = 4_000

export interface ReceivingAccount extends CallbackAccount {
  name: string
  timezone: string
  variables: Readonly<Record<string, string>>
  humanAgents: boolean
  /** Its own platform's API, where it has one: that one's clock counts. */
  apiBase?: string | null
  /** A second URL that is told of each event. */
  forward?: Forward | null
}

/** What an event begins and what is answered at once, matched from memory. */
export interface EventMatch {
  start: NonNullable<NewInboxRow['event']['start']> | null
  /** Of what it starts; the reply is given only where a run begins. */
  entry?: ArrivingEvent['entry']
  reply: PassiveReply | null
}

export interface CallbackDeps {
  /** Whether `account` answers from memory. Absent: it always does. */
  isCached?(appId: string): boolean
  /** From memory, or from the store when memory does not know it. */
  findAccount(appId: string): Promise<ReceivingAccount | null>
  match(account: ReceivingAccount, inbound: Inbound): EventMatch
  /** Keeps the event, with the reply that it gets. */
  accept(row: ArrivingEvent): Promise<Accepted>
  /** Called after each insert of a fresh row. */
  wakeDispatcher(): void
  /** Answers WeChat's tester of third-party platforms in place of campaigns; null for everybody else. */
  releaseTestReply?(appId: string, inbound: Inbound): { reply: PassiveReply | null } | null
  forward?: Forwarder
  /** Measures our clock against WeChat's. */
  skewMonitor?: SkewMonitor
  /** WeChat has reached this account's callback. */
  onReceived(appId: string): void
  /** A push was refused because it is of another mode than the account; null: one was of the account's. */
  onModeChecked?(appId: string, arrived: ReceivedMode | null): void
  now(): number
  maxAgeMs: number
  log: Log
  count(result: CallbackResult, seconds: number): void
  /** How many callbacks may be under way; absent: what a process of the product takes. */
  admission?: AdmissionControl
  /** A callback was answered 500 at once, because too many were under way. */
  onShed?(): void
  tracing?: Tracing
}

type CallbackResult =
  | 'accepted'
  | 'duplicate'
  | 'ignored'
  | 'unknown'
  | 'unreadable'
  | 'refused'
  | 'failed'
  | 'verified'

/** WeChat's side door: `GET|POST /wechat/:appId`, as the table in contract section 3 says. */
export function createCallbackApp(deps: CallbackDeps): Hono {
  const { log, now, tracing = noopTracing } = deps
  const admission = deps.admission ?? createAdmissionControl()
  const limitedLog = createRateLimitedLog(log, () => performance.now())
  const app = new Hono({ getPath: callbackPath })

  app.get('/wechat/:appId', async (c) => {
    const startedAt = performance.now()
    const appId = c.req.param('appId')
    const account = await resolveAccount(appId, 0, startedAt)
    if (account instanceof Response) return account
    const answer = answerChallenge({ account, query: c.req.query() })
    if (!answer.ok) return refuseOpened(answer, startedAt, account.appId)
    deps.onReceived(account.appId)
    deps.count('verified', seconds(startedAt))
    return c.text(answer.echo)
  })

  app.post('/wechat/:appId', async (c) => {
    const startedAt = performance.now()
    const appId = c.req.param('appId')
    const bytes = declaredBytes(c.req, MAX_BODY_BYTES)
    if (bytes === null) return refuse(413, 'body over 64 KiB', startedAt)
    const account = await resolveAccount(appId, bytes, startedAt)
    if (account instanceof Response) return account
    const signature = freshSignature(account, c.req.query(), { now: now(), maxAgeMs: deps.maxAgeMs })
    const permit = admission.tryAcquire({ signature, bytes })
    if (!permit) return shed(appId, startedAt)
    try {
      return await receive(c, account, startedAt, permit)
    } finally {
      permit.release()
    }
  })

  app.all('/wechat/:appId', (c) => refusePath(c, 405, { allow: 'GET, POST' }))
  app.all('/wechat', (c) => refusePath(c, 404))
  app.all('/wechat/*', (c) => refusePath(c, 404))

  /** Whoever typed a wrong address at WeChat finds it in the log; nobody is sent to another page. */
  function refusePath(c: Context, status: 404 | 405, headers: Record<string, string> = {}): Response {
    const reason = status === 404 ? 'no callback address: it is /wechat/APPID' : 'neither GET nor POST'
    const about = { status, reason, method: c.req.method, path: truncateText(c.req.path, MAX_LOGGED_PATH) }
    limitedLog('warn', `${status} ${reason}`, about, 'callback refused')
    deps.count('refused', 0)
    return c.text(reason, status, headers)
  }

  /** The account, or the answer where there is none. Who has to be looked for is a stranger meanwhile, and takes such a place. */
  async function resolveAccount(
    appId: string,
    bytes: number,
    startedAt: number,
  ): Promise<ReceivingAccount | Response> {
    if (!isAppId(appId)) return refuse(404, 'unknown appId', startedAt)
    const isKnown = deps.isCached?.(appId) ?? true
    const permit = isKnown ? null : admission.tryAcquire({ signature: null, bytes })
    if (!isKnown && !permit) return shed(appId, startedAt)
    try {
      return (await within(startedAt, deps.findAccount(appId))) ?? refuse(404, 'unknown appId', startedAt)
    } catch (err) {
      return fail(err, appId, startedAt)
    } finally {
      permit?.release()
    }
  }

  /** The place is given back once the event is stored, whatever the answer still waits for. */
  async function receive(
    c: Context,
    account: ReceivingAccount,
    startedAt: number,
    permit: Permit,
  ): Promise<Response> {
    const { appId } = account
    let body: Buffer | null
    try {
      body = await within(startedAt, permit.read(readBody(c.req, MAX_BODY_BYTES)), 'the body did not come')
    } catch (err) {
      return err instanceof EvictedError ? shed(appId, startedAt) : fail(err, appId, startedAt)
    }
    if (!body) return refuse(413, 'body over 64 KiB', startedAt, appId)
    const query = c.req.query()
    const opened = openInbound({ account, query, body, now: now(), maxAgeMs: deps.maxAgeMs })
    // In a burst a push waits before it is looked at, which is no sign of a wrong clock.
    if (deps.skewMonitor && !admission.isOverloaded()) {
      const arrivedAt = now() - (performance.now() - startedAt)
      measureSkew(deps.skewMonitor, { apiBase: account.apiBase ?? null, query, opened, arrivedAt })
    }
    if (!opened.ok) {
      if (opened.receivedMode) deps.onModeChecked?.(appId, opened.receivedMode)
      return refuseOpened(opened, startedAt, appId)
    }
    if (!permit.enqueue(body.length)) return shed(appId, startedAt)
    const { inbound } = opened
    deps.onReceived(appId)
    deps.onModeChecked?.(appId, null)
    if (opened.recovered) {
      const about = { appId, kind: inbound.kind }
      limitedLog(
        'warn',
        'recovered',
        about,
        'callback ill-formed by what a person wrote: read by the fields around it',
      )
    }
    const releaseTest = deps.releaseTestReply?.(appId, inbound)
    if (releaseTest) deps.count('accepted', seconds(startedAt))
    const { forward } = account
    const forwardEvent = () => {
      const { openId, toUserName } = inbound
      const plain = opened.plain.toString('utf8')
      return forward && deps.forward
        ? deps.forward(forward, { appId, openId, toUserName, plain, format: opened.format })
        : null
    }
    // Only where its answer may count is it asked beside our own work; else it is told afterwards.
    const forwardedReply = !releaseTest && forward?.useReply ? forwardEvent() : null
    const ownReply = releaseTest
      ? releaseTest.reply
      : await take(account, inbound, startedAt, opened.recovered)
    permit.release()
    if (!releaseTest && !forward?.useReply && !(ownReply instanceof Response)) void forwardEvent()
    const chosenReply = ownReply ?? (await forwardedReply)
    if (chosenReply instanceof Response) return chosenReply
    const reply = chosenReply && withoutEmptyParts(chosenReply)
    if (!reply) return c.text(releaseTest ? '' : 'success')
    const rendered = renderReply({
      reply,
      to: inbound.openId,
      from: inbound.toUserName,
      createTime: Math.floor(now() / 1000),
      format: opened.format,
      ...(opened.aesKey === null
        ? {}
        : {
            encrypt: {
              account: { ...account, token: opened.token, encodingAesKey: opened.aesKey },
              nonce: query.nonce ?? '',
              timestamp: Math.floor(now() / 1000),
            },
          }),
    })
    return c.body(rendered, 200, {
      'content-type':
        opened.format === 'xml' ? 'application/xml; charset=utf-8' : 'application/json; charset=utf-8',
    })
  }

  /** Stores the event and says what to reply; a response when it could not be stored. */
  async function take(
    account: ReceivingAccount,
    inbound: Inbound,
    startedAt: number,
    recovered: boolean,
  ): Promise<PassiveReply | null | Response> {
    const fields = eventFields(inbound)
    if (!fields) {
      // Of what was recovered a message without its id is one that WeChat did not send so.
      const result = inbound.kind !== 'unknown' ? 'ignored' : recovered ? 'unreadable' : 'unknown'
      if (inbound.kind === 'unknown')
        log.info({ appId: account.appId, msgType: inbound.msgType }, 'callback: unknown kind')
      deps.count(result, seconds(startedAt))
      return null
    }
    const match = deps.match(account, inbound)
    const { appId } = account
    const { openId, kind } = inbound
    const key = inboxKey(dedupeKey(appId, inbound))
    const aheadMs = deps.skewMonitor?.aheadMs(account.apiBase ?? null) ?? 0
    const about = { key, appId, follower: maskId(openId), kind, campaign: match.start?.campaign }
    // A trace begins here and not at the door: who cannot sign makes none, and nobody outside chooses its id.
    return tracing.span(
      { name: 'callback', kind: 'server', parent: null, startedAt, attributes: about },
      async (span) => {
        const row: ArrivingEvent = {
          appId,
          openId,
          key,
          kind,
          createTime: inbound.createTime * 1000,
          receivedAt: now(),
          event: {
            ...fields,
            start: match.start,
            ...(aheadMs ? { aheadMs } : {}),
            ...(span.traceparent ? { trace: span.traceparent } : {}),
          },
          reply: match.reply,
          ...(match.entry ? { entry: match.entry } : {}),
        }
        try {
          const accepted = await within(startedAt, storeAndWake(row))
          log.info(about, accepted.fresh ? 'callback accepted' : 'duplicate callback')
          const result = accepted.fresh ? 'accepted' : 'duplicate'
          span.setAttributes({ result })
          deps.count(result, seconds(startedAt))
          return storedReply(accepted.reply)
        } catch (err) {
          span.fail('not-stored')
          return fail(err, appId, startedAt, row)
        }
      },
    )
  }

  /** The dispatcher hears of it also when the answer was given up: the event is there, and WeChat's next is a duplicate. */
  async function storeAndWake(row: ArrivingEvent): Promise<Accepted> {
    const accepted = await deps.accept(row)
    if (accepted.fresh) deps.wakeDispatcher()
    return accepted
  }

  /** Whatever was wrong behind a good signature leaves one kind of line: being the first of its kind takes longer. */
  function refuseOpened(
    opened: { status: 400 | 401; reason: string; undecryptable?: true },
    startedAt: number,
    appId: string,
  ): Response {
    const kind = opened.undecryptable ? `unsealed ${appId}` : undefined
    return refuse(opened.status, opened.reason, startedAt, appId, kind)
  }

  function refuse(
    status: 400 | 401 | 404 | 413,
    reason: string,
    startedAt: number,
    appId?: string,
    kind = `${status} ${reason}`,
  ): Response {
    limitedLog('warn', kind, { status, reason, appId }, 'callback refused')
    deps.count('refused', seconds(startedAt))
    const text = status === 401 ? UNAUTHORISED : reason
    return new Response(text, { status, headers: { 'content-type': 'text/plain; charset=utf-8' } })
  }

  function fail(err: unknown, appId: string, startedAt: number, row?: NewInboxRow): Response {
    const reason = err instanceof Error ? err.message : String(err)
    limitedLog(
      'error',
      'not stored',
      { reason, appId, key: row?.key, follower: row && maskId(row.openId) },
      'callback not stored: WeChat will send it again',
    )
    deps.count('failed', seconds(startedAt))
    return new Response('not stored', { status: 500 })
  }

  function shed(appId: string, startedAt: number): Response {
    limitedLog(
      'error',
      'shed',
      { appId },
      'too many callbacks at once: answered 500, WeChat will send them again',
    )
    deps.count('failed', seconds(startedAt))
    deps.onShed?.()
    return new Response('too many at once', { status: 500 })
  }

  return app
}

/**
 * Opens a callback and reads what happened. What has no sender or time is refused as what cannot be read: nothing may tell
 * that its ciphertext was opened, the measure of our clock on `/readyz` neither.
 */
function openInbound(call: Parameters<typeof openCallback>[0]) {
  const opened = openCallback(call)
  if (!opened.ok) return opened
  try {
    return { ...opened, inbound: parseInbound(opened.record) }
  } catch (err) {
    if (!(err instanceof CallbackBodyError)) throw err
    const no = { ok: false, reason: err.message } as const
    return opened.aesKey === null
      ? { ...no, status: 400 as const }
      : { ...no, status: 401 as const, undecryptable: true as const }
  }
}

/**
 * The dedupe key as it is kept: hashed, because it contains the follower's id and goes on as the run's key into
 * histories and lists.
 */
export function inboxKey(plain: string): string {
  return createHash('sha256').update(plain).digest('base64url').slice(0, 32)
}

/** What is replied to this event, now and again; it was written by this program. */
function storedReply(reply: unknown): PassiveReply | null {
  return (reply ?? null) as PassiveReply | null
}

/** Waits, as long as a callback that began at `began` may take altogether. */
async function within<T>(
  startedAt: number,
  work: Promise<T>,
  timeoutMessage = 'the store did not answer',
): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`${timeoutMessage} within ${STORE_DEADLINE_MS / 1000} s`)),
      STORE_DEADLINE_MS - (performance.now() - startedAt),
    )
  })
  return Promise.race([work, timeout]).finally(() => clearTimeout(timer))
}

function seconds(startedAt: number): number {
  return (performance.now() - startedAt) / 1000
}
