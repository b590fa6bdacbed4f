import { type OpenedCallback, openCallback } from '../wechat/callback/envelope.ts'
import { type Inbound, parseInbound } from '../wechat/callback/events.ts'
import { CallbackBodyError } from '../wechat/callback/xml-json.ts'
import type { CallbackContext, CallbackRequest, ReceivingAccount } from './callback-deps.ts'
import { refusedEnvelope } from './rejections.ts'
import { measureSkew } from './skew-monitor.ts'

/** A callback that is WeChat's, decrypted and read. */
export type AuthenticCallback = Extract<OpenedCallback, { ok: true }> & { inbound: Inbound }

/**
 * Proves that a body is WeChat's, and reads what happened.
 * @throws RejectedCallbackError 401 where it is not WeChat's or cannot be decrypted, 400 where it cannot be read
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
  // Under overload a push waits before it is read, which is no sign of a wrong clock.
  if (skewMonitor && !context.admission.isOverloaded()) {
    const arrivedAt = now() - (performance.now() - startedAt)
    measureSkew(skewMonitor, { apiBase: account.apiBase ?? null, query, opened, arrivedAt })
  }
  if (opened.ok) return opened
  if (opened.receivedMode) context.onModeChecked?.(account.appId, opened.receivedMode)
  throw refusedEnvelope(opened, account.appId)
}

/**
 * Opens a callback and reads what happened. What has no sender or time is refused as what cannot be read: nothing may tell
 * that its ciphertext was opened, the measure of our clock on `/readyz` neither.
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
