import { isAppId } from '../shared/ids.ts'
import { freshSignature } from '../wechat/callback/envelope.ts'
import type { Permit } from './admission/permit.ts'
import type { CallbackContext, CallbackRequest, ReceivingAccount } from './callback-deps.ts'
import { withinDeadline } from './deadline.ts'
import { declaredBytes, MAX_CALLBACK_BYTES } from './read-body.ts'
import { notStored, overloaded, refused } from './rejections.ts'

/**
 * Admits a POST before its body is read: the account is known, the declared length is within the limit, and there is room.
 * @returns the account, and a permit that the caller must release
 * @throws RejectedCallbackError 404, 413, or 500 when there is no room or the store does not respond
 */
export async function admit(
  context: CallbackContext,
  request: CallbackRequest,
): Promise<{ account: ReceivingAccount; permit: Permit }> {
  const bytes = declaredBytes(request.http, MAX_CALLBACK_BYTES)
  if (bytes === null) throw refused(413, 'body over 64 KiB')
  const account = await requireAccount(context, request, bytes)
  const { now, maxAgeMs } = context
  const signature = freshSignature(account, request.query, { now: now(), maxAgeMs })
  const permit = context.admission.tryAcquire({ signature, bytes })
  if (!permit) throw overloaded(request.appId)
  return { account, permit }
}

/**
 * Finds the account. An account that is not cached is looked up in the store. The request is unauthenticated meanwhile, and holds
 * an unauthenticated permit.
 * @throws RejectedCallbackError as {@link admit}
 */
export async function requireAccount(
  context: CallbackContext,
  { appId, startedAt }: CallbackRequest,
  bytes: number,
): Promise<ReceivingAccount> {
  if (!isAppId(appId)) throw refused(404, 'unknown appId')
  const isCached = context.isCached(appId)
  const permit = isCached ? null : context.admission.tryAcquire({ signature: null, bytes })
  if (!isCached && !permit) throw overloaded(appId)
  try {
    const account = await withinDeadline(
      startedAt,
      context.findAccount(appId),
      'the store did not respond',
    ).catch((err: unknown) => {
      throw notStored(err, appId)
    })
    if (!account) throw refused(404, 'unknown appId')
    return account
  } finally {
    permit?.release()
  }
}
