import { encodeQR } from 'qr'
import type { Router } from '../router.ts'

const SCALE = 8

/**
 * `showqrcode` of mp.weixin.qq.com: the ticket's code as a picture, without an access token; a strange ticket is 404.
 * WeChat's pictures are JPEG, these are GIF: both show what `qrcode/create` gave as `url`.
 * Source: https://developers.weixin.qq.com/doc/offiaccount/Account_Management/Generating_a_Parametric_QR_Code.html
 */
export function registerQrCodePictures({ open, wechat }: Router): void {
  open('GET', '/cgi-bin/showqrcode', (c) => {
    const ticket = c.req.query('ticket') ?? ''
    const codes = [...wechat.accounts.values()].flatMap((account) => account.codes)
    const found = codes.find((code) => code.ticket === ticket)
    if (!found || (found.expiresAt !== null && found.expiresAt < wechat.now())) return c.text('', 404)
    const picture = encodeQR(found.url, 'gif', { scale: SCALE })
    return c.body(picture, 200, { 'content-type': 'image/gif', 'cache-control': 'no-store' })
  })
}
