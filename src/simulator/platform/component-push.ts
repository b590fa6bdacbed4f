import { withQuery } from '../callbacks/callback-url.ts'
import { envelope, type Fields, type PushTarget } from '../callbacks/envelope.ts'
import type { SimAccountState } from '../state/model.ts'
import type { ComponentState } from './component-state.ts'

/** One push to the platform's 授权事件接收URL. */
export interface ComponentPush {
  /** Real time, epoch ms. */
  at: number
  infoType: string
  fields: Fields
  /** The server answered `success` within 5 s. */
  ok: boolean
  status: number | null
  body: string
}

/**
 * Pushes a ticket or a change of an authorisation: encrypted XML that ends with the platform's own appId. The server must
 * answer `success`. Source: 推送component_verify_ticket, 授权变更通知推送.
 */
export async function pushToComponent(
  component: ComponentState,
  fields: Fields,
  at: { now: number; answerTimeoutMs: number; timestamp?: number },
): Promise<ComponentPush> {
  const { query, body } = envelope(targetOf(component), fields, at.timestamp ?? Math.floor(at.now / 1000))
  const push = { at: at.now, infoType: String(fields.InfoType), fields }
  try {
    const answer = await fetch(withQuery(component.options.authorisationUrl, query), {
      method: 'POST',
      body,
      headers: { 'content-type': 'text/xml' },
      redirect: 'manual',
      signal: AbortSignal.timeout(at.answerTimeoutMs),
    })
    const text = await answer.text()
    return { ...push, ok: answer.status === 200 && text === 'success', status: answer.status, body: text }
  } catch (err) {
    return { ...push, ok: false, status: null, body: err instanceof Error ? err.message : String(err) }
  }
}

/** URL, keys and format of the platform's own pushes. */
export function targetOf(component: ComponentState): PushTarget {
  const { appId, token, authorisationUrl } = component.options
  return {
    ...encryptionOf(component),
    appId,
    token,
    originalId: appId,
    callbackUrl: authorisationUrl,
  }
}

/** An authorised account's callbacks go to the platform, encrypted with its key. The account's own settings are not used. */
export function targetThroughComponent(
  account: SimAccountState,
  components: Iterable<ComponentState>,
): PushTarget {
  for (const component of components) {
    if (!component.authorisations.has(account.appId)) continue
    const { token, callbackUrl } = component.options
    return {
      ...encryptionOf(component),
      appId: account.appId,
      token,
      originalId: account.originalId,
      callbackUrl: callbackUrl.replaceAll('$APPID$', account.appId),
    }
  }
  return account
}

function encryptionOf(component: ComponentState) {
  const { appId: encryptionId } = component.options
  return { encryptionId, encodingAesKey: component.aesKey, mode: 'security', format: 'xml' } as const
}
