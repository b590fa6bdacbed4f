/** WeChat's types of media. */
export type MediaKind = 'image' | 'voice' | 'video' | 'thumb'

interface CheckedMedia {
  type: MediaKind
  contentType: string
}

export type MediaCheck = { ok: true; media: CheckedMedia } | { ok: false; message: string }

const KB = 1024
const MB = 1024 * KB

/** Limits of temporary media, in bytes. Sources: 新增临时素材, and WxJava's WxMpMaterialService. */
const LIMITS: Record<MediaKind, { bytes: number; formats: string[] }> = {
  image: { bytes: 10 * MB, formats: ['image/png', 'image/jpeg', 'image/gif'] },
  voice: { bytes: 2 * MB, formats: ['audio/amr', 'audio/mpeg'] },
  video: { bytes: 10 * MB, formats: ['video/mp4'] },
  thumb: { bytes: 64 * KB, formats: ['image/jpeg'] },
}
const VOICE_MAX_S = 60

/**
 * Checks an upload against WeChat's limits. The format is read from the bytes, not from the file name.
 * @param declared the intended type; a JPEG is an image unless it is declared a `thumb`
 */
export function checkMedia(bytes: Uint8Array, declared?: MediaKind): MediaCheck {
  const contentType = formatOf(bytes)
  if (!contentType)
    return rejected('the file is not a PNG, JPEG, GIF, AMR, MP3 or MP4, the formats that WeChat accepts')
  const type =
    declared ?? (Object.keys(LIMITS) as MediaKind[]).find((t) => LIMITS[t].formats.includes(contentType))
  if (!type) return rejected(`WeChat does not accept ${contentType}`)
  const limit = LIMITS[type]
  if (!limit.formats.includes(contentType)) {
    return rejected(`${withArticle(type)} must be ${limit.formats.join(' or ')}, this file is ${contentType}`)
  }
  if (bytes.length > limit.bytes) {
    return rejected(
      `${withArticle(type)} may have at most ${formatSize(limit.bytes)}, this file has ${formatSize(bytes.length)}`,
    )
  }
  const seconds = contentType === 'audio/amr' ? amrSeconds(bytes) : null
  if (seconds !== null && seconds > VOICE_MAX_S) {
    return rejected(`a voice may last at most ${VOICE_MAX_S} s, this file lasts ${Math.ceil(seconds)} s`)
  }
  return { ok: true, media: { type, contentType } }
}

/** Brands of MP4 files (https://mp4ra.org). A HEIC image and a QuickTime film start with a box of the same type. */
const MP4_BRAND = /^(isom|iso[2-9]|mp4[12]|mp4v|avc1|dash|MSNV|M4V.|f4v )$/

/** The file extension of each format. WeChat refuses a file whose extension does not match (40113). */
const EXTENSIONS: Record<string, string> = {
  'image/png': 'png',
  'image/jpeg': 'jpg',
  'image/gif': 'gif',
  'audio/amr': 'amr',
  'audio/mpeg': 'mp3',
  'video/mp4': 'mp4',
}

/**
 * The file name of an upload, made from the format of its bytes. WeChat answers 40005 or 40113 to a name without an extension
 * (w7corp/easywechat issue 1931, foxinmy/weixin4j issue 34), and 41005 to a Chinese name (doraemonext/wechat-python-sdk
 * issue 118).
 * @returns null when WeChat does not accept the format
 */
export function uploadName(bytes: Uint8Array): { filename: string; contentType: string } | null {
  const contentType = formatOf(bytes)
  return contentType ? { filename: `media.${EXTENSIONS[contentType]}`, contentType } : null
}

function formatOf(b: Uint8Array): string | null {
  const at = (offset: number, ...bytes: number[]) => bytes.every((x, i) => b[offset + i] === x)
  const ascii = (offset: number, text: string) => at(offset, ...Buffer.from(text))
  if (at(0, 0x89, 0x50, 0x4e, 0x47)) return 'image/png'
  if (at(0, 0xff, 0xd8, 0xff)) return 'image/jpeg'
  if (ascii(0, 'GIF8')) return 'image/gif'
  if (ascii(0, '#!AMR')) return 'audio/amr'
  if (ascii(4, 'ftyp') && MP4_BRAND.test(Buffer.from(b.subarray(8, 12)).toString('latin1')))
    return 'video/mp4'
  if (ascii(0, 'ID3') || (b[0] === 0xff && ((b[1] ?? 0) & 0xe6) === 0xe2)) return 'audio/mpeg'
  return null
}

/** Bytes of an AMR-NB frame of 20 ms by its mode (RFC 4867). WeChat checks the length of an MP3 (45007). */
const AMR_FRAME = [13, 14, 16, 18, 20, 21, 27, 32, 6]

function amrSeconds(bytes: Uint8Array): number {
  let frames = 0
  for (let i = 6; i < bytes.length; frames++) i += AMR_FRAME[((bytes[i] ?? 0) >> 3) & 0xf] ?? 1
  return frames * 0.02
}

/** A size rounded up, so that a size above the limit is never shown as the limit. */
function formatSize(bytes: number): string {
  return bytes >= MB ? `${(Math.ceil((bytes / MB) * 10) / 10).toFixed(1)} MB` : `${Math.ceil(bytes / KB)} KB`
}

function withArticle(type: MediaKind): string {
  return type === 'image' ? 'an image' : `a ${type}`
}

function rejected(message: string): MediaCheck {
  return { ok: false, message }
}
