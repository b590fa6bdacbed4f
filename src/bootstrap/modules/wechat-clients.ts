import type { Log } from '../../shared/log.ts'
import type { Tracing } from '../../tracing/tracing.ts'
import { createWechatClient, type WechatClient } from '../../wechat/api/client.ts'
import { fallbacksOf } from '../../wechat/api/hosts.ts'

/** The client for an account: for its own API address, or for the default address. */
export type WechatClients = (account: { apiBase: string | null }) => WechatClient

/** Creates one client for each API address, at its first use. */
export function createWechatClients(deps: { apiBase: string; tracing: Tracing; log: Log }): WechatClients {
  const { apiBase, tracing, log } = deps
  const defaultClient = createWechatClient({
    apiBase,
    fallbacks: fallbacksOf(apiBase),
    tracing,
    onHost: (base, dead) =>
      log.warn({ host: base }, dead ? 'WeChat host is unreachable' : 'WeChat host is reachable again'),
  })
  /** By address. Proxies and simulators have no fallback hosts. */
  const ownClients = new Map<string, WechatClient>()
  return (account) => {
    if (account.apiBase === null) return defaultClient
    const client =
      ownClients.get(account.apiBase) ?? createWechatClient({ apiBase: account.apiBase, tracing })
    ownClients.set(account.apiBase, client)
    return client
  }
}
