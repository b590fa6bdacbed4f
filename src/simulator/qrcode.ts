import type { SimAccountState } from './model.ts'

const SECONDS_MAX = 2_592_000
const SECONDS_DEFAULT = 30
const KINDS: Record<string, { text: boolean; ends: boolean }> = {
  QR_SCENE: { text: false, ends: true },
  QR_STR_SCENE: { text: true, ends: true },
  QR_LIMIT_SCENE: { text: false, ends: false },
  QR_LIMIT_STR_SCENE: { text: true, ends: false },
}

/** The code that a body of `qrcode/create` asks for, or WeChat's refusal. */
export function readCode(
  body: Record<string, unknown>,
): { scene: string; seconds: number | null } | { errcode: number } {
  const kind = KINDS[String(body.action_name)]
  if (!kind) return { errcode: 40052 }
  const info = body.action_info as { scene?: { scene_id?: unknown; scene_str?: unknown } } | undefined
  const scene = kind.text ? info?.scene?.scene_str : info?.scene?.scene_id
  const fits = kind.text
    ? typeof scene === 'string' && scene.length >= 1 && scene.length <= 64
    : Number.isInteger(scene) && Number(scene) > 0 && Number(scene) <= (kind.ends ? 0xffff_ffff : 100_000)
  if (!fits) return { errcode: 40053 }
  if (!kind.ends) return { scene: String(scene), seconds: null }
  const asked = typeof body.expire_seconds === 'number' ? body.expire_seconds : SECONDS_DEFAULT
  return { scene: String(scene), seconds: Math.min(asked, SECONDS_MAX) }
}

/** Scenes that can be scanned now: those the account came with, then those made through the API. */
export function scenesOf(account: SimAccountState, now: number): string[] {
  const made = account.codes.filter((c) => c.expiresAt === null || c.expiresAt > now).map((c) => c.scene)
  return [...new Set([...account.qrScenes, ...made])]
}
