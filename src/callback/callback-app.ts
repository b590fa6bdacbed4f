import { type Context, Hono } from 'hono'
import { noopTracing } from '../tracing/tracing.ts'
import { answerChallenge } from '../wechat/callback/envelope.ts'
import { storeEvent } from './accept/store-event.ts'
import { createAdmissionControl } from './admission/admission-control.ts'
import { admit, requireAccount } from './admit.ts'
import { authenticate } from './authenticate.ts'
import type { CallbackContext, CallbackDeps, CallbackRequest } from './callback-deps.ts'
import { callbackPath } from './callback-path.ts'
import { secondsSince } from './deadline.ts'
import { forwardCallback } from './forward/forward-callback.ts'
import { readCallbackBody } from './read-body.ts'
import { overloaded, Rejections, refusedEnvelope } from './rejections.ts'
import { respond } from './respond.ts'

/**
 * The callback endpoint for WeChat: `GET|POST /wechat/:appId` (docs/contract.md#3-callbacks). A step that fails throws a
 * `RejectedCallbackError`, which rejections.ts answers.
 */
export function createCallbackApp(deps: CallbackDeps): Hono {
  const context: CallbackContext = {
    ...deps,
    isCached: deps.isCached ?? (() => true),
    admission: deps.admission ?? createAdmissionControl(),
    tracing: deps.tracing ?? noopTracing,
  }
  const rejections = new Rejections(deps)
  const app = new Hono({ getPath: callbackPath })

  app.get('/wechat/:appId', async (c) => {
    const request = toRequest(c)
    return verifyUrl(context, c, request).catch((err) => rejections.answer(err, request.startedAt))
  })
  app.post('/wechat/:appId', async (c) => {
    const request = toRequest(c)
    return receive(context, c, request, rejections).catch((err) => rejections.answer(err, request.startedAt))
  })
  app.all('/wechat/:appId', (c) => rejections.wrongAddress(c, 405))
  app.all('/wechat', (c) => rejections.wrongAddress(c, 404))
  app.all('/wechat/*', (c) => rejections.wrongAddress(c, 404))
  return app
}

function toRequest(c: Context<object, '/wechat/:appId'>): CallbackRequest {
  return { appId: c.req.param('appId'), query: c.req.query(), http: c.req, startedAt: performance.now() }
}

/** Answers WeChat's check of a callback URL by echoing the challenge. */
async function verifyUrl(context: CallbackContext, c: Context, request: CallbackRequest): Promise<Response> {
  const account = await requireAccount(context, request, 0)
  const answer = answerChallenge({ account, query: request.query })
  if (!answer.ok) throw refusedEnvelope(answer, account.appId)
  context.onReceived(account.appId)
  context.count('verified', secondsSince(request.startedAt))
  return c.text(answer.echo)
}

/** Receives one event: admit, read, authenticate, store, respond. */
async function receive(
  context: CallbackContext,
  c: Context,
  request: CallbackRequest,
  rejections: Rejections,
): Promise<Response> {
  const { account, permit } = await admit(context, request)
  try {
    const body = await readCallbackBody(request, permit)
    const callback = authenticate(context, request, account, body)
    if (!permit.enqueue(body.length)) throw overloaded(request.appId)
    context.onReceived(account.appId)
    context.onModeChecked?.(account.appId, null)
    if (callback.recovered) rejections.recovered(account.appId, callback.inbound.kind)

    const releaseTest = context.releaseTestReply?.(account.appId, callback.inbound)
    if (releaseTest) {
      context.count('accepted', secondsSince(request.startedAt))
      return respond(c, { account, callback, ...releaseTest, acknowledgement: '', now: context.now() })
    }

    // The second URL is called immediately when its answer may be the reply. Otherwise it gets the event after the insert.
    const usesForwardedReply = account.forward?.useReply === true
    const forwardedReply = usesForwardedReply ? forwardCallback(context, account, callback) : null
    const ownReply = await storeEvent(context, request, account, callback)
    // The event is stored. Waiting for the forwarded reply needs no permit.
    permit.release()
    if (!usesForwardedReply) void forwardCallback(context, account, callback)
    const reply = ownReply ?? (await forwardedReply)
    return respond(c, { account, callback, reply, acknowledgement: 'success', now: context.now() })
  } finally {
    permit.release()
  }
}
