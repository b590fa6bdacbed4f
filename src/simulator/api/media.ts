import { randomBytes } from 'node:crypto'
import { failed } from '../answering.ts'
import { judgeUpload } from '../send-rules.ts'
import type { Router } from './router.ts'

/** 素材: temporary material. */
export function registerMedia({ route, world }: Router): void {
  route(
    'POST',
    '/cgi-bin/media/upload',
    async ({ c, account }) => {
      const type = c.req.query('type') ?? ''
      const file = (await c.req.parseBody()).media
      if (!(file instanceof File)) return failed(41005)
      const code = judgeUpload(type, file.size)
      if (code !== 0) return failed(code)
      const media_id = `test_${randomBytes(32).toString('base64url')}`
      account.media.set(media_id, {
        type,
        expiresAt: world.now() + 3 * 86_400_000,
        content: new Uint8Array(await file.arrayBuffer()),
        fileName: file.name,
        contentType: file.type || 'application/octet-stream',
      })
      return { type, media_id, created_at: Math.floor(world.now() / 1000) }
    },
    { body: 'form' },
  )
}
