import { randomBytes } from 'node:crypto'
import { failed } from '../answering.ts'
import { readCode } from '../qrcode.ts'
import type { Router } from './router.ts'

/** 带参数二维码. */
export function registerCodes({ route, world }: Router): void {
  route('POST', '/cgi-bin/qrcode/create', ({ account, body }) => {
    const code = readCode(body)
    if ('errcode' in code) return failed(code.errcode)
    const { scene, seconds } = code
    account.codes = account.codes.filter((known) => known.scene !== scene)
    account.codes.push({ scene, expiresAt: seconds === null ? null : world.now() + seconds * 1000 })
    world.accountChanged(account.appId)
    const ticket = `test_${randomBytes(32).toString('base64url')}==`
    const url = `http://weixin.qq.com/q/${randomBytes(12).toString('base64url')}`
    return { ticket, ...(seconds === null ? {} : { expire_seconds: seconds }), url }
  })
}
