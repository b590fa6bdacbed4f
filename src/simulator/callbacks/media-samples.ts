import { randomBytes } from 'node:crypto'
import type { SimAccountState } from '../state/model.ts'
import type { StoredMedium } from '../state/records.ts'

const DAYS_3_MS = 3 * 86_400_000
/** A grey point, PNG. */
const PICTURE = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNcsmTJfwAFZAKQC1w2RgAAAABJRU5ErkJggg==',
  'base64',
)
/** The head of an AMR file and one silent frame. */
const VOICE = Buffer.concat([Buffer.from('#!AMR\n'), Buffer.from([0x3c, ...Array(31).fill(0)])])
/** The first box of an MP4 file. */
const VIDEO = Buffer.concat([Buffer.from([0, 0, 0, 16]), Buffer.from('ftypisom'), Buffer.alloc(4)])

/** What followers send from the simulated phone: enough for a server to tell the kind by its first bytes. */
const SAMPLES = {
  image: { content: PICTURE, fileName: 'photo.png', contentType: 'image/png' },
  thumb: { content: PICTURE, fileName: 'thumb.png', contentType: 'image/png' },
  voice: { content: VOICE, fileName: 'voice.amr', contentType: 'audio/amr' },
  video: { content: VIDEO, fileName: 'video.mp4', contentType: 'video/mp4' },
}

/** Stores what a follower sent for three days, as a temporary medium; gives its id. `now`: epoch ms. */
export function storeFollowerMedia(
  { account, now }: { account: SimAccountState; now: number },
  type: keyof typeof SAMPLES,
): string {
  const id = `test_${randomBytes(32).toString('base64url')}`
  account.media.set(id, { type, expiresAt: now + DAYS_3_MS, ...SAMPLES[type] })
  return id
}

/** A stored file as an answer. It is never shown as a page: only as a picture, or to be saved. */
export function fileAnswer({ content, contentType, fileName }: StoredMedium): Response {
  const headers = {
    'content-type': contentType ?? 'application/octet-stream',
    'content-disposition': `attachment; filename="${(fileName ?? 'file').replaceAll(/[^\w.-]/g, '_')}"`,
    'x-content-type-options': 'nosniff',
  }
  return new Response(Buffer.from(content ?? []), { headers })
}
