import type { Log } from '../../shared/log.ts'
import type { Tracing } from '../../tracing/tracing.ts'
import { createWechatClient, type WechatClient } from '../../wechat/api/client.ts'
import { fallbacksOf } from '../../wechat/api/hosts.ts'

/** The client for an account: by its own API address, or the deployment's where it has none. */
export type WechatClients = (account: { apiBase: string | null }) => WechatClient

/** One client for each API address, made at its first use. */
export function createWechatClients(deps: { apiBase: string; tracing: Tracing; log: Log }): WechatClients {
  const { apiBase, tracing, log } = deps
  const defaultClient = createWechatClient({
    apiBase,
    fallbacks: fallbacksOf(apiBase),
    tracing,
    onHost: (base, dead) =>
      log.warn({ host: base }, dead ? 'WeChat host cannot be connected' : 'WeChat host is connected again'),
  })
  /** Of proxies and simulators, by address: they have no fallback hosts. */
  const ownClients = new Map<string, WechatClient>()
  return (account) => {
    if (account.apiBase === null) return defaultClient
    const client =
      ownClients.get(account.apiBase) ?? createWechatClient({ apiBase: account.apiBase, tracing })
    ownClients.set(account.apiBase, client)
    return client
  }
}
