import type { Db } from '../store/db.ts'
import { type MediaRef, readMedium, saveUpload, uploadRows } from '../store/media-uploads.ts'
import type { WechatClient } from '../wechat/client.ts'
import type { TokenKeeper } from '../wechat/tokens.ts'

/** WeChat keeps a temporary medium for three days; an hour earlier it is uploaded again. */
const KEPT_MS = (3 * 24 - 1) * 60 * 60_000

export type UploadOutcome =
  | { ok: true }
  /** `permanent`: trying again will not help. */
  | { ok: false; permanent: boolean; reason: string; errcode: number | null }

/**
 * Uploads to one account those of the media that it does not have, or has not for long. `anew`: all of them, since
 * WeChat has just refused one.
 */
export async function uploadMissing(
  deps: { db: Db; tokens: TokenKeeper; now: () => number },
  account: { appId: string; client: WechatClient },
  refs: readonly MediaRef[],
  { anew = false }: { anew?: boolean } = {},
): Promise<UploadOutcome> {
  if (refs.length === 0) return { ok: true }
  const known = await uploadRows(deps.db, account.appId, refs)
  for (const ref of refs) {
    const at = known.find((k) => k.mediaId === ref.id && k.type === ref.type)?.uploadedAt
    if (!anew && at !== undefined && at > deps.now() - KEPT_MS) continue
    const outcome = await upload(deps, account, ref)
    if (!outcome.ok) return outcome
  }
  return { ok: true }
}

async function upload(
  { db, tokens, now }: { db: Db; tokens: TokenKeeper; now: () => number },
  { appId, client }: { appId: string; client: WechatClient },
  ref: MediaRef,
): Promise<UploadOutcome> {
  const medium = await readMedium(db, ref.id)
  if (!medium) return no(true, `medium ${ref.id} is gone from the store`)
  const token = await tokens.getToken(appId)
  if (!token.ok) return no(false, `no access token: ${token.reason}`, token.errcode)
  const { filename, contentType } = medium
  const bytes = Buffer.from(medium.content, 'base64')
  let answer = await client.uploadMedia(token.accessToken, { type: ref.type, filename, contentType, bytes })
  if (answer.kind === 'answered' && [40001, 40014, 42001].includes(answer.errcode)) {
    const fresh = await tokens.afterRefusal(appId, token.accessToken, 'normal')
    if (fresh.ok)
      answer = await client.uploadMedia(fresh.accessToken, { type: ref.type, filename, contentType, bytes })
  }
  if (answer.kind !== 'answered') return no(false, answer.reason)
  if (answer.errcode !== 0 || !answer.data) {
    const contentError = answer.errcode >= 40004 && answer.errcode <= 40009
    return no(contentError, `WeChat refuses medium ${ref.id}: ${answer.errmsg}`, answer.errcode)
  }
  const at = {
    appId,
    mediaId: ref.id,
    type: ref.type,
    wechatMediaId: answer.data.media_id,
    uploadedAt: now(),
  }
  await saveUpload(db, at)
  return { ok: true }
}

function no(permanent: boolean, reason: string, errcode: number | null = null): UploadOutcome {
  return { ok: false, permanent, reason, errcode }
}
