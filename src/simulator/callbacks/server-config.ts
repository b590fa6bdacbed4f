import type { ComponentPush } from '../platform/component-push.ts'
import type { ComponentState } from '../platform/component-state.ts'
import { PlatformController } from '../platform/platform-controller.ts'
import type { SimulatedWechat } from '../simulated-wechat.ts'
import type { SimAccountState } from '../state/model.ts'
import { checkUrl, type Reason, type UrlCheck } from './callback-url.ts'
import {
  type AccountSettings,
  accountSettings,
  completeAccount,
  describeIssues,
  type PlatformServer,
  type PlatformSettings,
  platformServer,
  platformSettings,
  type ServerSettings,
  serverSettings,
} from './server-settings.ts'

/** Settings that are not taken; nothing has changed. */
export class SettingsError extends Error {
  override name = 'SettingsError'
  readonly reason: Reason
  /** WeChat's GET, where that was the reason. */
  readonly check: UrlCheck | null

  constructor(reason: Reason, check: UrlCheck | null = null) {
    super(reason.en)
    this.reason = reason
    this.check = check
  }
}

/**
 * 服务器配置: points an account at a server. WeChat's GET is made first; when it fails, everything stays as it was.
 * @returns the check, or null where none was made: no URL, or `check: false`
 * @throws SettingsError when the settings are not valid, or the server does not pass
 */
export async function setServer(
  wechat: SimulatedWechat,
  appId: string,
  settings: ServerSettings,
): Promise<UrlCheck | null> {
  const account = wechat.account(appId)
  const { check: isChecked, ...requested } = read(serverSettings.safeParse(settings))
  const updated = {
    callbackUrl: requested.callbackUrl,
    token: requested.token ?? account.token,
    encodingAesKey:
      requested.encodingAesKey === undefined ? account.encodingAesKey : requested.encodingAesKey,
    mode: requested.mode ?? account.mode,
    format: requested.format ?? account.format,
  }
  requireKey(updated)
  const check = isChecked ? await requirePassingCheck(wechat, updated) : null
  Object.assign(account, updated)
  wechat.accountChanged(appId)
  return check
}

/**
 * A new simulated account, kept over restarts.
 * @throws SettingsError when there is one with this appId, the settings are not valid, or the server does not pass
 */
export async function createAccount(
  wechat: SimulatedWechat,
  settings: AccountSettings,
): Promise<{ account: SimAccountState; check: UrlCheck | null }> {
  const options = completeAccount(read(accountSettings.safeParse(settings)))
  requireKey(options)
  const refuseKnown = () => {
    if (wechat.accounts.has(options.appId))
      throw new SettingsError({
        zh: `已经有公众号 ${options.appId}`,
        en: `there is an account ${options.appId}`,
      })
  }
  refuseKnown()
  const check = await requirePassingCheck(wechat, options)
  // Somebody else may have made it while the server was asked.
  refuseKnown()
  const account = wechat.addAccount(options, true)
  wechat.save()
  return { account, check }
}

/**
 * A new third-party platform, kept over restarts; WeChat pushes it a ticket at once.
 * @throws SettingsError when there is one with this appId, or the settings are not valid
 */
export async function createPlatform(
  wechat: SimulatedWechat,
  settings: PlatformSettings,
): Promise<{ component: ComponentState; push: ComponentPush }> {
  const options = read(platformSettings.safeParse(settings))
  const { appId } = options
  if (wechat.components.has(appId))
    throw new SettingsError({ zh: `已经有第三方平台 ${appId}`, en: `there is a platform ${appId}` })
  const component = wechat.addComponent({ ...options, ticketEveryMs: 600_000 }, true)
  return { component, push: await new PlatformController(wechat, component).pushTicket() }
}

/**
 * Points a platform at other addresses. WeChat makes no GET for these (no page knows of one; inferred), so the new ones
 * count at once, and a ticket is pushed there.
 * @throws SettingsError when the settings are not valid
 */
export async function setPlatformServer(
  wechat: SimulatedWechat,
  component: ComponentState,
  settings: PlatformServer,
): Promise<ComponentPush> {
  const { aesKey, ...addresses } = read(platformServer.safeParse(settings))
  Object.assign(component.options, defined(addresses))
  if (aesKey !== undefined) component.aesKey = aesKey
  wechat.save()
  return new PlatformController(wechat, component).pushTicket()
}

function read<T>(
  parsed: { success: true; data: T } | { success: false; error: Parameters<typeof describeIssues>[0] },
): T {
  if (parsed.success) return parsed.data
  throw new SettingsError({ zh: describeIssues(parsed.error, 'zh'), en: describeIssues(parsed.error, 'en') })
}

function requireKey({ mode, encodingAesKey }: { mode: string; encodingAesKey?: string | null }): void {
  if (mode === 'plain' || encodingAesKey) return
  throw new SettingsError({
    zh: '兼容模式和安全模式需要 EncodingAESKey',
    en: 'the modes compatible and security need an EncodingAESKey',
  })
}

async function requirePassingCheck(
  wechat: SimulatedWechat,
  { callbackUrl, token }: { callbackUrl: string | null; token: string },
): Promise<UrlCheck | null> {
  if (callbackUrl === null) return null
  const check = await checkUrl(
    { callbackUrl, token },
    { now: wechat.now(), timeoutMs: wechat.answerTimeoutMs },
  )
  if (!check.ok) throw new SettingsError(check.reason, check)
  return check
}

function defined<T extends object>(settings: T): Partial<T> {
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined)) as Partial<T>
}
