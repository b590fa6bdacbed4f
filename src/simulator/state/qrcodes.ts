import { randomBytes } from 'node:crypto'
import type { SimAccountState, SimCode } from './model.ts'

const SECONDS_MAX = 2_592_000
/** 60 in copies of WeChat's page since 2022, 30 in older copies. The current page gives no number. */
const SECONDS_DEFAULT = 60
const KINDS: Record<string, { text: boolean; ends: boolean }> = {
  QR_SCENE: { text: false, ends: true },
  QR_STR_SCENE: { text: true, ends: true },
  QR_LIMIT_SCENE: { text: false, ends: false },
  QR_LIMIT_STR_SCENE: { text: true, ends: false },
}

/** The QR code that a body of `qrcode/create` requests (`seconds` null: permanent), or WeChat's code of the refusal. */
export function readCode(
  body: Record<string, unknown>,
): { scene: string; isNumber: boolean; seconds: number | null } | { errcode: number } {
  const kind = KINDS[String(body.action_name)]
  if (!kind) return { errcode: 40052 }
  const info = body.action_info as { scene?: { scene_id?: unknown; scene_str?: unknown } } | undefined
  const scene = kind.text ? info?.scene?.scene_str : info?.scene?.scene_id
  const isValid = kind.text
    ? typeof scene === 'string' && scene.length >= 1 && scene.length <= 64
    : Number.isInteger(scene) && Number(scene) > 0 && Number(scene) <= (kind.ends ? 0xffff_ffff : 100_000)
  if (!isValid) return { errcode: 40053 }
  const code = { scene: String(scene), isNumber: !kind.text }
  if (!kind.ends) return { ...code, seconds: null }
  const requestedSeconds = typeof body.expire_seconds === 'number' ? body.expire_seconds : SECONDS_DEFAULT
  return { ...code, seconds: Math.min(requestedSeconds, SECONDS_MAX) }
}

/** Adds a QR code and replaces one with the same scene. `expiresAt`: real time, epoch ms; null: permanent. */
export function addCode(account: SimAccountState, code: Omit<SimCode, 'ticket' | 'url'>): SimCode {
  const ticket = `test_${randomBytes(32).toString('base64url')}==`
  const url = `http://weixin.qq.com/q/${randomBytes(12).toString('base64url')}`
  const added = { ...code, ticket, url }
  account.codes = account.codes.filter((c) => c.scene !== code.scene || c.isNumber !== code.isNumber)
  account.codes.push(added)
  return added
}

/** The QR code that a scan of this scene reads: the newest one. A scene without a code gets a permanent one. */
export function codeOf(account: SimAccountState, scene: string): SimCode {
  const known = account.codes.filter((c) => c.scene === scene).at(-1)
  return known ?? addCode(account, { scene, isNumber: false, expiresAt: null })
}

/** The scenes that can be scanned now: those of the account's settings, then those made by the API. */
export function scenesOf(account: SimAccountState, now: number): string[] {
  const made = account.codes.filter((c) => c.expiresAt === null || c.expiresAt > now).map((c) => c.scene)
  return [...new Set([...account.qrScenes, ...made])]
}
