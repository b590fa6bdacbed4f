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
  issuesByField,
  type PlatformServer,
  type PlatformSettings,
  platformServer,
  platformSettings,
  type ServerSettings,
  serverSettings,
} from './server-settings.ts'

/** The body of a call: its fields are checked as those of a form. */
type Unchecked = Record<string, unknown>

/** Rejected settings. Nothing has changed. */
export class SettingsError extends Error {
  override name = 'SettingsError'
  readonly reason: Reason
  /** WeChat's GET check, when it is the reason. */
  readonly check: UrlCheck | null
  /** By the names of the settings; empty when no single one is wrong. */
  readonly fields: Readonly<Record<string, Reason>>

  constructor(reason: Reason, check: UrlCheck | null = null, fields: Readonly<Record<string, Reason>> = {}) {
    super(reason.en)
    this.reason = reason
    this.check = check
    this.fields = fields
  }
}

/**
 * 服务器配置: sets an account's callback server. WeChat's GET check runs first. When it fails, nothing changes.
 * @returns the check; null when none ran: without a URL, or with `check: false`
 * @throws SettingsError when the settings are not valid, or the server does not pass the check
 */
export async function setServer(
  wechat: SimulatedWechat,
  appId: string,
  settings: ServerSettings | Unchecked,
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
 * Creates a simulated account, which the state file keeps.
 * @throws SettingsError when the appId exists, the settings are not valid, or the server does not pass the check
 */
export async function createAccount(
  wechat: SimulatedWechat,
  settings: AccountSettings | Unchecked,
): Promise<{ account: SimAccountState; check: UrlCheck | null }> {
  const options = completeAccount(read(accountSettings.safeParse(settings)))
  requireKey(options)
  const rejectKnown = () => {
    if (wechat.accounts.has(options.appId))
      throw new SettingsError({
        zh: `公众号 ${options.appId} 已存在`,
        en: `the account ${options.appId} exists already`,
      })
  }
  rejectKnown()
  const check = await requirePassingCheck(wechat, options)
  // Another request may have created it during the check.
  rejectKnown()
  const account = wechat.addAccount(options, true)
  wechat.save()
  return { account, check }
}

/**
 * Creates a third-party platform, which the state file keeps. WeChat pushes it a ticket at once.
 * @throws SettingsError when the appId exists, or the settings are not valid
 */
export async function createPlatform(
  wechat: SimulatedWechat,
  settings: PlatformSettings | Unchecked,
): Promise<{ component: ComponentState; push: ComponentPush }> {
  const options = read(platformSettings.safeParse(settings))
  const { appId } = options
  if (wechat.components.has(appId))
    throw new SettingsError({ zh: `第三方平台 ${appId} 已存在`, en: `the platform ${appId} exists already` })
  const component = wechat.addComponent({ ...options, ticketEveryMs: 600_000 }, true)
  return { component, push: await new PlatformController(wechat, component).pushTicket() }
}

/**
 * Sets a platform's URLs and pushes a ticket to them. WeChat does not check these URLs by GET (inferred: no page mentions a
 * check), so they apply at once.
 * @throws SettingsError when the settings are not valid
 */
export async function setPlatformServer(
  wechat: SimulatedWechat,
  component: ComponentState,
  settings: PlatformServer | Unchecked,
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
  const { error } = parsed
  const reason = { zh: describeIssues(error, 'zh'), en: describeIssues(error, 'en') }
  throw new SettingsError(reason, null, issuesByField(error))
}

function requireKey({ mode, encodingAesKey }: { mode: string; encodingAesKey?: string | null }): void {
  if (mode === 'plain' || encodingAesKey) return
  const reason = {
    zh: '兼容模式和安全模式必须填写 EncodingAESKey',
    en: 'the modes compatible and security need an EncodingAESKey',
  }
  throw new SettingsError(reason, null, { encodingAesKey: reason })
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
