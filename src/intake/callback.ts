import { createHash } from 'node:crypto'
import { type Context, Hono } from 'hono'
import { isAppId, maskId } from '../ids.ts'
import type { Log } from '../log.ts'
import { createSparingLog } from '../sparing-log.ts'
import type { Accepted, NewInboxRow } from '../store/inbox.ts'
import { cutText } from '../text.ts'
import { noTracing, type Tracing } from '../tracing/tracing.ts'
import { CallbackBodyError } from '../wechat/body.ts'
import {
  type ArrivedMode,
  answerChallenge,
  type CallbackAccount,
  freshSignature,
  openCallback,
  UNAUTHORISED,
} from '../wechat/envelope.ts'
import { dedupeKey, type Inbound, parseInbound } from '../wechat/events.ts'
import type { Forward } from '../wechat/outbound.ts'
import { type PassiveReply, renderReply, withSubstance } from '../wechat/reply.ts'
import { announcedBytes, readBody } from './body.ts'
import { factsOf } from './facts.ts'
import type { Forwarder } from './forward.ts'
import { callbackPath } from './path.ts'
import { createPlaces, EvictedError, type Place, type Places } from './places.ts'
import type { Arriving } from './reply-due.ts'
import { noteOpened, type SkewWatch } from './skew-watch.ts'

const BODY_MAX = 64 * 1024
/** So much of a wrong path goes to the log. */
const PATH_MAX = 100
/** WeChat waits 5 s; a callback that is not stored by then must fail, so that WeChat sends it again. */
export const STORE_WITHIN_MS = 4_000

export interface IntakeAccount extends CallbackAccount {
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
export interface Match {
  start: NonNullable<NewInboxRow['event']['start']> | null
  /** Of what it starts; the reply is given only where a run begins. */
  entry?: Arriving['entry']
  reply: PassiveReply | null
}

export interface CallbackDeps {
  /** Whether `account` answers from memory. Absent: it always does. */
  knows?(appId: string): boolean
  /** From memory, or from the store when memory does not know it. */
  account(appId: string): Promise<IntakeAccount | null>
  match(account: IntakeAccount, inbound: Inbound): Match
  /** Keeps the event, with the reply that it gets. */
  accept(row: Arriving): Promise<Accepted>
  /** Called after each insert of a fresh row. */
  nudge(): void
  /** Answers WeChat's tester of third-party platforms in place of campaigns; null for everybody else. */
  tester?(appId: string, inbound: Inbound): { reply: PassiveReply | null } | null
  forward?: Forwarder
  /** Measures our clock against WeChat's. */
  clock?: SkewWatch
  /** WeChat has reached this account's callback. */
  seen(appId: string): void
  /** A push was refused because it is of another mode than the account; null: one was of the account's. */
  mode?(appId: string, arrived: ArrivedMode | null): void
  now(): number
  maxAgeMs: number
  log: Log
  count(result: CallbackResult, seconds: number): void
  /** How many callbacks may be under way; absent: what a process of the product takes. */
  places?: Places
  /** A callback was answered 500 at once, because too many were under way. */
  shed?(): void
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
  const { log, now, tracing = noTracing } = deps
  const places = deps.places ?? createPlaces()
  const say = createSparingLog(log, () => performance.now())
  const app = new Hono({ getPath: callbackPath })

  app.get('/wechat/:appId', async (c) => {
    const began = performance.now()
    const appId = c.req.param('appId')
    const account = await find(appId, 0, began)
    if (account instanceof Response) return account
    const answer = answerChallenge({ account, query: c.req.query() })
    if (!answer.ok) return refuseOpened(answer, began, account.appId)
    deps.seen(account.appId)
    deps.count('verified', seconds(began))
    return c.text(answer.echo)
  })

  app.post('/wechat/:appId', async (c) => {
    const began = performance.now()
    const appId = c.req.param('appId')
    const bytes = announcedBytes(c.req, BODY_MAX)
    if (bytes === null) return refuse(413, 'body over 64 KiB', began)
    const account = await find(appId, bytes, began)
    if (account instanceof Response) return account
    const signature = freshSignature(account, c.req.query(), { now: now(), maxAgeMs: deps.maxAgeMs })
    const place = places.take({ signature, bytes })
    if (!place) return shed(appId, began)
    try {
      return await serve(c, account, began, place)
    } finally {
      place.leave()
    }
  })

  app.all('/wechat/:appId', (c) => elsewhere(c, 405, { allow: 'GET, POST' }))
  app.all('/wechat', (c) => elsewhere(c, 404))
  app.all('/wechat/*', (c) => elsewhere(c, 404))

  /** Whoever typed a wrong address at WeChat finds it in the log; nobody is sent to another page. */
  function elsewhere(c: Context, status: 404 | 405, headers: Record<string, string> = {}): Response {
    const reason = status === 404 ? 'no callback address: it is /wechat/APPID' : 'neither GET nor POST'
    const about = { status, reason, method: c.req.method, path: cutText(c.req.path, PATH_MAX) }
    say('warn', `${status} ${reason}`, about, 'callback refused')
    deps.count('refused', 0)
    return c.text(reason, status, headers)
  }

  /** The account, or the answer where there is none. Who has to be looked for is a stranger meanwhile, and takes such a place. */
  async function find(appId: string, bytes: number, began: number): Promise<IntakeAccount | Response> {
    if (!isAppId(appId)) return refuse(404, 'unknown appId', began)
    const isKnown = deps.knows?.(appId) ?? true
    const place = isKnown ? null : places.take({ signature: null, bytes })
    if (!isKnown && !place) return shed(appId, began)
    try {
      return (await within(began, deps.account(appId))) ?? refuse(404, 'unknown appId', began)
    } catch (err) {
      return fail(err, appId, began)
    } finally {
      place?.leave()
    }
  }

  /** The place is given back once the event is stored, whatever the answer still waits for. */
  async function serve(c: Context, account: IntakeAccount, began: number, place: Place): Promise<Response> {
    const { appId } = account
    let body: Buffer | null
    try {
      body = await within(began, place.read(readBody(c.req, BODY_MAX)), 'the body did not come')
    } catch (err) {
      return err instanceof EvictedError ? shed(appId, began) : fail(err, appId, began)
    }
    if (!body) return refuse(413, 'body over 64 KiB', began, appId)
    const query = c.req.query()
    const opened = openInbound({ account, query, body, now: now(), maxAgeMs: deps.maxAgeMs })
    // In a burst a push waits before it is looked at, which is no sign of a wrong clock.
    if (deps.clock && !places.isFlooded()) {
      const arrivedAt = now() - (performance.now() - began)
      noteOpened(deps.clock, { apiBase: account.apiBase ?? null, query, opened, arrivedAt })
    }
    if (!opened.ok) {
      if (opened.arrived) deps.mode?.(appId, opened.arrived)
      return refuseOpened(opened, began, appId)
    }
    if (!place.wait(body.length)) return shed(appId, began)
    const { inbound } = opened
    deps.seen(appId)
    deps.mode?.(appId, null)
    if (opened.recovered) {
      const about = { appId, kind: inbound.kind }
      say(
        'warn',
        'recovered',
        about,
        'callback ill-formed by what a person wrote: read by the fields around it',
      )
    }
    const tested = deps.tester?.(appId, inbound)
    if (tested) deps.count('accepted', seconds(began))
    const { forward } = account
    const passOn = () => {
      const { openId, toUserName } = inbound
      const plain = opened.plain.toString('utf8')
      return forward && deps.forward
        ? deps.forward(forward, { appId, openId, toUserName, plain, format: opened.format })
        : null
    }
    // Only where its answer may count is it asked beside our own work; else it is told afterwards.
    const answered = !tested && forward?.useReply ? passOn() : null
    const ours = tested ? tested.reply : await take(account, inbound, began, opened.recovered)
    place.leave()
    if (!tested && !forward?.useReply && !(ours instanceof Response)) void passOn()
    const said = ours ?? (await answered)
    if (said instanceof Response) return said
    const reply = said && withSubstance(said)
    if (!reply) return c.text(tested ? '' : 'success')
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
    account: IntakeAccount,
    inbound: Inbound,
    began: number,
    recovered: boolean,
  ): Promise<PassiveReply | null | Response> {
    const facts = factsOf(inbound)
    if (!facts) {
      // Of what was recovered a message without its id is one that WeChat did not send so.
      const result = inbound.kind !== 'unknown' ? 'ignored' : recovered ? 'unreadable' : 'unknown'
      if (inbound.kind === 'unknown')
        log.info({ appId: account.appId, msgType: inbound.msgType }, 'callback: unknown kind')
      deps.count(result, seconds(began))
      return null
    }
    const match = deps.match(account, inbound)
    const { appId } = account
    const { openId, kind } = inbound
    const key = inboxKey(dedupeKey(appId, inbound))
    const aheadMs = deps.clock?.aheadMs(account.apiBase ?? null) ?? 0
    const about = { key, appId, follower: maskId(openId), kind, campaign: match.start?.campaign }
    // A trace begins here and not at the door: who cannot sign makes none, and nobody outside chooses its id.
    return tracing.span(
      { name: 'callback', kind: 'server', parent: null, began, attributes: about },
      async (span) => {
        const row: Arriving = {
          appId,
          openId,
          key,
          kind,
          createTime: inbound.createTime * 1000,
          receivedAt: now(),
          event: {
            ...facts,
            start: match.start,
            ...(aheadMs ? { aheadMs } : {}),
            ...(span.traceparent ? { trace: span.traceparent } : {}),
          },
          reply: match.reply,
          ...(match.entry ? { entry: match.entry } : {}),
        }
        try {
          const accepted = await within(began, storeAndNudge(row))
          log.info(about, accepted.fresh ? 'callback accepted' : 'callback accepted before')
          const result = accepted.fresh ? 'accepted' : 'duplicate'
          span.set({ result })
          deps.count(result, seconds(began))
          return storedReply(accepted.reply)
        } catch (err) {
          span.fail('not-stored')
          return fail(err, appId, began, row)
        }
      },
    )
  }

  /** The dispatcher hears of it also when the answer was given up: the event is there, and WeChat's next is a duplicate. */
  async function storeAndNudge(row: Arriving): Promise<Accepted> {
    const accepted = await deps.accept(row)
    if (accepted.fresh) deps.nudge()
    return accepted
  }

  /** Whatever was wrong behind a good signature leaves one kind of line: being the first of its kind takes longer. */
  function refuseOpened(
    opened: { status: 400 | 401; reason: string; unsealed?: true },
    began: number,
    appId: string,
  ): Response {
    const kind = opened.unsealed ? `unsealed ${appId}` : undefined
    return refuse(opened.status, opened.reason, began, appId, kind)
  }

  function refuse(
    status: 400 | 401 | 404 | 413,
    reason: string,
    began: number,
    appId?: string,
    kind = `${status} ${reason}`,
  ): Response {
    say('warn', kind, { status, reason, appId }, 'callback refused')
    deps.count('refused', seconds(began))
    const text = status === 401 ? UNAUTHORISED : reason
    return new Response(text, { status, headers: { 'content-type': 'text/plain; charset=utf-8' } })
  }

  function fail(err: unknown, appId: string, began: number, row?: NewInboxRow): Response {
    const reason = err instanceof Error ? err.message : String(err)
    say(
      'error',
      'not stored',
      { reason, appId, key: row?.key, follower: row && maskId(row.openId) },
      'callback not stored: WeChat will send it again',
    )
    deps.count('failed', seconds(began))
    return new Response('not stored', { status: 500 })
  }

  function shed(appId: string, began: number): Response {
    say('error', 'shed', { appId }, 'too many callbacks at once: answered 500, WeChat will send them again')
    deps.count('failed', seconds(began))
    deps.shed?.()
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
      : { ...no, status: 401 as const, unsealed: true as const }
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
async function within<T>(began: number, work: Promise<T>, trouble = 'the store did not answer'): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`${trouble} within ${STORE_WITHIN_MS / 1000} s`)),
      STORE_WITHIN_MS - (performance.now() - began),
    )
  })
  return Promise.race([work, timeout]).finally(() => clearTimeout(timer))
}

function seconds(began: number): number {
  return (performance.now() - began) / 1000
}
