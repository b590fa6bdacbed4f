import { randomBytes } from 'node:crypto'
import { failed } from '../../fault-responses.ts'
import type { Router } from '../../router.ts'
import { checkUpload } from '../../upload-rules.ts'

/** 临时素材: `media/upload`. */
export function registerTemporaryMedia({ route, wechat }: Router): void {
  route(
    'POST',
    '/cgi-bin/media/upload',
    async ({ c, account }) => {
      const type = c.req.query('type') ?? ''
      const file = (await c.req.parseBody()).media
      if (!(file instanceof File)) return failed(41005)
      const content = new Uint8Array(await file.arrayBuffer())
      const code = checkUpload(type, file.name, content)
      if (code !== 0) return failed(code)
      const media_id = `test_${randomBytes(32).toString('base64url')}`
      account.media.set(media_id, {
        type,
        expiresAt: wechat.now() + 3 * 86_400_000,
        content,
        fileName: file.name,
        contentType: file.type || 'application/octet-stream',
      })
      const created_at = Math.floor(wechat.now() / 1000)
      // The page names media_id only. The other fields: silenceper/wechat, pull request 14; JeffreySu/WeiXinMPSDK, issue 32.
      return type === 'thumb'
        ? { type, thumb_media_id: media_id, created_at }
        : { type, media_id, created_at }
    },
    { body: 'form' },
  )
}
