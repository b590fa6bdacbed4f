import { addCode, readCode } from '../../../state/qrcodes.ts'
import { failed } from '../../fault-responses.ts'
import type { Router } from '../../router.ts'

/** 带参数二维码: `qrcode/create`. */
export function registerQrCodes({ route, wechat }: Router): void {
  route('POST', '/cgi-bin/qrcode/create', ({ account, body }) => {
    const code = readCode(body)
    if ('errcode' in code) return failed(code.errcode)
    const { seconds, ...made } = code
    const expiresAt = seconds === null ? null : wechat.now() + seconds * 1000
    const { ticket, url } = addCode(account, { ...made, expiresAt })
    wechat.accountChanged(account.appId)
    return { ticket, ...(seconds === null ? {} : { expire_seconds: seconds }), url }
  })
}
