import { type MediumRef, readMedium, saveUpload, uploadRows } from '../store/campaigns/media-uploads.ts'
import type { Db } from '../store/db.ts'
import type { WechatClient } from '../wechat/api/client.ts'
import type { TokenProvider } from '../wechat/api/tokens.ts'
import { type CallProblem, withToken } from '../wechat/api/with-token.ts'
import { uploadName } from '../wechat/rules/media-limits.ts'

/** WeChat keeps a temporary medium for three days. It is uploaded again an hour earlier. */
const REUPLOAD_AFTER_MS = (3 * 24 - 1) * 60 * 60_000

/** `unusable`: the store no longer has the medium, or has it in a format that WeChat does not accept. */
export type UploadOutcome =
  | { ok: true }
  | ({ ok: false } & (CallProblem | { is: 'unusable'; reason: string; errcode: null }))

/**
 * Uploads media that the account does not have at WeChat, or that expire soon there. `force` uploads all of them, because
 * WeChat has just refused one.
 */
export async function uploadMissing(
  deps: { db: Db; tokens: TokenProvider; now: () => number },
  account: { appId: string; client: WechatClient },
  refs: readonly MediumRef[],
  { force = false }: { force?: boolean } = {},
): Promise<UploadOutcome> {
  if (refs.length === 0) return { ok: true }
  const known = await uploadRows(deps.db, account.appId, refs)
  for (const ref of refs) {
    if (!force && isFresh(known, ref, deps.now())) continue
    const outcome = await upload(deps, account, ref)
    if (!outcome.ok) return outcome
  }
  return { ok: true }
}

/** True when the account has all these media at WeChat, and none of them expires soon. */
export async function areUploaded(
  { db, now }: { db: Db; now: () => number },
  appId: string,
  refs: readonly MediumRef[],
): Promise<boolean> {
  if (refs.length === 0) return true
  const known = await uploadRows(db, appId, refs)
  return refs.every((ref) => isFresh(known, ref, now()))
}

function isFresh(known: Awaited<ReturnType<typeof uploadRows>>, ref: MediumRef, now: number): boolean {
  const at = known.find((k) => k.mediaId === ref.id && k.type === ref.type)?.uploadedAt
  return at !== undefined && at > now - REUPLOAD_AFTER_MS
}

async function upload(
  { db, tokens, now }: { db: Db; tokens: TokenProvider; now: () => number },
  { appId, client }: { appId: string; client: WechatClient },
  ref: MediumRef,
): Promise<UploadOutcome> {
  const medium = await readMedium(db, ref.id)
  if (!medium)
    return { ok: false, is: 'unusable', reason: `medium ${ref.id} is no longer in the store`, errcode: null }
  const bytes = Buffer.from(medium.content, 'base64')
  const name = uploadName(bytes)
  if (!name) {
    const reason = `medium-unusable: ${ref.type} ${ref.id} is not a PNG, JPEG, GIF, AMR, MP3 or MP4 file`
    return { ok: false, is: 'unusable', reason, errcode: null }
  }
  const called = await withToken(tokens, appId, 'media', (token) =>
    client.uploadMedia(token, { type: ref.type, ...name, bytes }),
  )
  if (!called.ok) {
    const { is, reason } = called
    const what = is === 'refused' || is === 'bad-answer' ? `medium-${is}` : 'media upload'
    return { ...called, reason: `${what}: ${ref.type} ${ref.id}: ${reason}` }
  }
  const wechatMediaId = called.data.media_id
  await saveUpload(db, { appId, mediaId: ref.id, type: ref.type, wechatMediaId, uploadedAt: now() })
  return { ok: true }
}
