import { randomBytes } from 'node:crypto'
import type { SimAccountState } from '../state/model.ts'
import type { StoredMedium } from '../state/records.ts'

const DAYS_3_MS = 3 * 86_400_000
/** A grey pixel, PNG. */
const PICTURE = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNcsmTJfwAFZAKQC1w2RgAAAABJRU5ErkJggg==',
  'base64',
)
/** The header of an AMR file and one silent frame. */
const VOICE = Buffer.concat([Buffer.from('#!AMR\n'), Buffer.from([0x3c, ...Array(31).fill(0)])])
/** The first box of an MP4 file. */
const VIDEO = Buffer.concat([Buffer.from([0, 0, 0, 16]), Buffer.from('ftypisom'), Buffer.alloc(4)])

/** Files that followers send from the phone page. Their first bytes identify the format. */
const SAMPLES = {
  image: { content: PICTURE, fileName: 'photo.png', contentType: 'image/png' },
  thumb: { content: PICTURE, fileName: 'thumb.png', contentType: 'image/png' },
  voice: { content: VOICE, fileName: 'voice.amr', contentType: 'audio/amr' },
  video: { content: VIDEO, fileName: 'video.mp4', contentType: 'video/mp4' },
}

/** Stores a follower's file as a temporary medium for three days. Returns its id. `now`: epoch ms. */
export function storeFollowerMedia(
  { account, now }: { account: SimAccountState; now: number },
  type: keyof typeof SAMPLES,
): string {
  const id = `test_${randomBytes(32).toString('base64url')}`
  account.media.set(id, { type, expiresAt: now + DAYS_3_MS, ...SAMPLES[type] })
  return id
}

/** A stored file as a download. Browsers must not show it as a page. */
export function fileAnswer({ content, contentType, fileName }: StoredMedium): Response {
  const headers = {
    'content-type': contentType ?? 'application/octet-stream',
    'content-disposition': `attachment; filename="${(fileName ?? 'file').replaceAll(/[^\w.-]/g, '_')}"`,
    'x-content-type-options': 'nosniff',
  }
  return new Response(Buffer.from(content ?? []), { headers })
}
