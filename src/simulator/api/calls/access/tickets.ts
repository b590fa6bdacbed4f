import { randomBytes } from 'node:crypto'
import { failed } from '../../fault-responses.ts'
import type { Router } from '../../router.ts'

const TICKET_LIFETIME_MS = 7_200_000
const TYPES = ['jsapi', 'wx_card']

/**
 * `ticket/getticket`: the ticket that signs web pages and cards. It stays the same until it expires.
 * Source: https://developers.weixin.qq.com/doc/offiaccount/OA_Web_Apps/JS-SDK.html , 附录1. The code of an unknown type is
 * inferred.
 */
export function registerTickets({ route, wechat }: Router): void {
  route(
    'GET',
    '/cgi-bin/ticket/getticket',
    ({ c, account }) => {
      const type = c.req.query('type') ?? ''
      if (!TYPES.includes(type)) return failed(40097)
      const now = wechat.now()
      const known = account.records.tickets.get(type)
      const ticket =
        known && known.expiresAt > now
          ? known
          : { value: `test_${randomBytes(48).toString('base64url')}`, expiresAt: now + TICKET_LIFETIME_MS }
      account.records.tickets.set(type, ticket)
      const expires_in = Math.floor((ticket.expiresAt - now) / 1000)
      return { ...failed(0), ticket: ticket.value, expires_in }
    },
    { forEveryAccount: true },
  )
}
