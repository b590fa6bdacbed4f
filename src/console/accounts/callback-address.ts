import { privateHostProblem } from '../../shared/network/public-only-connector.ts'

export interface CallbackAddress {
  url: string
  /** Why WeChat cannot reach it, as far as that is known from the address; null: nothing is known against it. */
  problem: 'private' | 'port' | null
}

/** Ports that WeChat calls. Source: 接入指南, "支持 80 端口和 443 端口". */
const PORTS = ['', '80', '443']

/**
 * The address that is entered at WeChat for an account.
 * @param origin `PUBLIC_URL`, or the address at which the browser reached this product
 */
export function callbackAddress(origin: string, appId: string): CallbackAddress {
  const base = new URL(origin)
  const problem = isPrivate(base) ? 'private' : PORTS.includes(base.port) ? null : 'port'
  return { url: `${origin}/wechat/${appId}`, problem }
}

/** A name without a dot is one of the local network. */
const isPrivate = (base: URL): boolean =>
  privateHostProblem(base.href) !== null || !/[.:]/.test(base.hostname)
