import { encodeQR } from 'qr'
import type { Router } from '../../router.ts'

const SCALE = 8

/**
 * `showqrcode` of mp.weixin.qq.com: the QR code of a ticket as an image, without an access token. 404: unknown or expired
 * ticket. WeChat's images are JPEG, these are GIF. Both encode the `url` of `qrcode/create`.
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
