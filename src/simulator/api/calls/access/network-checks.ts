import { z } from 'zod'
import { failed } from '../../fault-responses.ts'
import type { Router } from '../../router.ts'
import { withBody } from '../../with-body.ts'

const OPERATORS = ['CHINANET', 'UNICOM', 'CAP', 'DEFAULT']

/**
 * `callback/check` (40201: no URL, 40202: action, 40203: operator), which pings nothing, and `get_current_autoreply_info`,
 * which is always empty: the simulator has no auto-replies.
 * Sources: https://developers.weixin.qq.com/doc/offiaccount/Basic_Information/Network_Detection.html ,
 * https://developers.weixin.qq.com/doc/offiaccount/Message_Management/Getting_Rules_for_Auto_Replies.html
 */
export function registerNetworkChecks({ route }: Router): void {
  route(
    'POST',
    '/cgi-bin/callback/check',
    withBody(z.object({ action: z.unknown(), check_operator: z.unknown() }), (query, { account }) => {
      const action = String(query.action)
      if (!['dns', 'ping', 'all'].includes(action)) return failed(40202)
      if (!OPERATORS.includes(String(query.check_operator))) return failed(40203)
      if (account.callbackUrl === null) return failed(40201)
      const from = query.check_operator === 'DEFAULT' ? 'CAP' : query.check_operator
      const dns = [{ ip: '127.0.0.1', real_operator: 'UNICOM' }]
      const ping = [{ ip: '127.0.0.1', from_operator: from, package_loss: '0%', time: '0.041ms' }]
      return { ...(action === 'ping' ? {} : { dns }), ...(action === 'dns' ? {} : { ping }) }
    }),
    { forEveryAccount: true },
  )
  route(
    'GET',
    '/cgi-bin/get_current_autoreply_info',
    () => ({ is_add_friend_reply_open: 0, is_autoreply_open: 0 }),
    { forEveryAccount: true },
  )
}
