import { type OpenedCallback, openCallback } from '../wechat/callback/envelope.ts'
import { type Inbound, parseInbound } from '../wechat/callback/events.ts'
import { CallbackBodyError } from '../wechat/callback/xml-json.ts'
import type { CallbackContext, CallbackRequest, ReceivingAccount } from './callback-deps.ts'
import { refusedEnvelope } from './rejections.ts'
import { measureSkew } from './skew-monitor.ts'

/** A callback from WeChat, decrypted and parsed. */
export type AuthenticCallback = Extract<OpenedCallback, { ok: true }> & { inbound: Inbound }

/**
 * Verifies that a body is from WeChat, decrypts and parses it.
 * @throws RejectedCallbackError 401 when it is not from WeChat or cannot be decrypted, 400 when a plain body cannot be parsed
 */
export function authenticate(
  context: CallbackContext,
  request: CallbackRequest,
  account: ReceivingAccount,
  body: Buffer,
): AuthenticCallback {
  const { now, maxAgeMs, skewMonitor } = context
  const { query, startedAt } = request
  const opened = open({ account, query, body, now: now(), maxAgeMs })
  // Under overload a push waits before it is read, so its delay says nothing about the clock.
  if (skewMonitor && !context.admission.isOverloaded()) {
    const arrivedAt = now() - (performance.now() - startedAt)
    measureSkew(skewMonitor, { apiBase: account.apiBase ?? null, query, opened, arrivedAt })
  }
  if (opened.ok) return opened
  if (opened.receivedMode) context.onModeChecked?.(account.appId, opened.receivedMode)
  throw refusedEnvelope(opened, account.appId)
}

/**
 * Decrypts and parses a callback. An encrypted body without a sender or time is refused like one that cannot be decrypted: no
 * answer, and no clock measurement on `/readyz`, may reveal that its ciphertext was valid.
 */
function open(
  call: Parameters<typeof openCallback>[0],
): AuthenticCallback | Extract<OpenedCallback, { ok: false }> {
  const opened = openCallback(call)
  if (!opened.ok) return opened
  try {
    return { ...opened, inbound: parseInbound(opened.record) }
  } catch (err) {
    if (!(err instanceof CallbackBodyError)) throw err
    const failure = { ok: false, reason: err.message } as const
    return opened.aesKey === null
      ? { ...failure, status: 400 }
      : { ...failure, status: 401, undecryptable: true }
  }
}
