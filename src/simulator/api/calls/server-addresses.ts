import type { Router } from '../router.ts'

/** WeChat's own addresses; every account may ask (接口权限说明: 获取微信服务器IP地址). */
export function registerServerAddresses({ route }: Router): void {
  const here = () => ({ ip_list: ['127.0.0.1'] })
  route('GET', '/cgi-bin/get_api_domain_ip', here, { forEveryAccount: true })
  route('GET', '/cgi-bin/getcallbackip', here, { forEveryAccount: true })
}
