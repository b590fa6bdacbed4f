import type { Router } from '../../router.ts'

/** WeChat's own IP addresses. Every account may make the calls (接口权限说明: 获取微信服务器IP地址). */
export function registerServerAddresses({ route }: Router): void {
  const addresses = () => ({ ip_list: ['127.0.0.1'] })
  route('GET', '/cgi-bin/get_api_domain_ip', addresses, { forEveryAccount: true })
  route('GET', '/cgi-bin/getcallbackip', addresses, { forEveryAccount: true })
}
