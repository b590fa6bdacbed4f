/*
 * The checks of `media/upload`. Limits and formats:
 * https://developers.weixin.qq.com/doc/service/api/material/temporary/api_uploadtempmedia
 * Codes: WeChat's global return codes, and reports of its answers. 40005: a name without an extension (w7corp/easywechat
 * issue 1931, node-webot/co-wechat-api issue 110). 40113: an extension that does not belong to the type (foxinmy/weixin4j
 * issue 34, for permanent material). Inferred: which of the two applies where no report exists, and the order of the checks.
 */

interface Rule {
  bytes: number
  extensions: string[]
}

const MB = 1024 * 1024
const RULES: Record<string, Rule> = {
  image: { bytes: 10 * MB, extensions: ['png', 'jpg', 'jpeg', 'gif', 'bmp'] },
  voice: { bytes: 2 * MB, extensions: ['amr', 'mp3'] },
  video: { bytes: 10 * MB, extensions: ['mp4'] },
  thumb: { bytes: 64 * 1024, extensions: ['jpg', 'jpeg'] },
}
const VOICE_MAX_S = 60

/** The first bytes of each format, in hex. A dot stands for any hex digit. */
const MAGIC: [RegExp, string[]][] = [
  [/^89504e470d0a1a0a/, ['png']],
  [/^ffd8ff/, ['jpg', 'jpeg']],
  [/^47494638(37|39)61/, ['gif']],
  [/^424d/, ['bmp']],
  [/^2321414d52/, ['amr']],
  [/^(494433|fff[23ab])/, ['mp3']],
  [/^.{8}66747970(69736f|6d70|61766331|4d3456|64617368|4d534e56)/, ['mp4']],
]
/** Bytes of a 20 ms frame by mode, the frame header included. Source: RFC 4867, table 1. */
const AMR_FRAME_BYTES = [13, 14, 16, 18, 20, 21, 27, 32, 6]

/** Checks an upload: 0, or WeChat's code. */
export function checkUpload(type: string, name: string, content: Uint8Array): number {
  const rule = Object.hasOwn(RULES, type) ? RULES[type] : undefined
  if (!rule) return 40004
  if (content.length === 0) return 40006
  const extension = /\.([A-Za-z0-9]+)$/.exec(name)?.[1]?.toLowerCase()
  if (!extension) return 40005
  if (!rule.extensions.includes(extension)) return 40113
  const head = Buffer.from(content.subarray(0, 16)).toString('hex')
  const [, real] = MAGIC.find(([magic]) => magic.test(head)) ?? []
  if (!real?.includes(extension)) return 40113
  if (content.length > rule.bytes) return 45001
  return extension === 'amr' && secondsOfAmr(content) > VOICE_MAX_S ? 45007 : 0
}

/** Whether the content is a PNG or JPEG image, by its first bytes. */
export function isPngOrJpeg(content: Uint8Array): boolean {
  return /^(89504e47|ffd8ff)/.test(Buffer.from(content.subarray(0, 4)).toString('hex'))
}

function secondsOfAmr(content: Uint8Array): number {
  let frames = 0
  let at = '#!AMR\n'.length
  while (at < content.length) {
    at += AMR_FRAME_BYTES[((content[at] ?? 0) & 0x78) >> 3] ?? 1
    frames += 1
  }
  return frames / 50
}
