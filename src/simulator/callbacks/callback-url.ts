import { createHash, randomBytes, randomInt } from 'node:crypto'

/** A reason in both languages of the pages. */
export interface Reason {
  zh: string
  en: string
}

/** The result of WeChat's GET check of a callback URL. */
export type UrlCheck =
  | { ok: true; ms: number }
  | {
      ok: false
      why: 'time-out' | 'unreachable' | 'redirect' | 'status' | 'body'
      reason: Reason
      status: number | null
    }

/** Bytes to read of an answer. The echostr has 19 digits. */
const READ_MAX = 4_096

/** Appends parameters to a URL that may have a query already. */
export function withQuery(url: string, query: URLSearchParams): string {
  return `${url}${url.includes('?') ? '&' : '?'}${query}`
}

/**
 * WeChat's check of a server URL: GET with signature, timestamp, nonce and echostr. The answer must be the echostr, byte for
 * byte, with status 200. Redirects are not followed.
 * Source: 接入指南, https://developers.weixin.qq.com/doc/offiaccount/Basic_Information/Access_Overview.html
 * @param at `now`: real time, epoch ms; `timeoutMs`: how long WeChat waits
 */
export async function checkUrl(
  server: { callbackUrl: string; token: string },
  at: { now: number; timeoutMs: number },
): Promise<UrlCheck> {
  const echostr = Array.from({ length: 19 }, (_, i) => randomInt(i === 0 ? 1 : 0, 10)).join('')
  const timestamp = String(Math.floor(at.now / 1000))
  const nonce = String(randomBytes(4).readUInt32BE())
  const signature = createHash('sha1').update([server.token, timestamp, nonce].sort().join('')).digest('hex')
  const query = new URLSearchParams({ signature, timestamp, nonce, echostr })
  const began = performance.now()
  try {
    const answer = await fetch(withQuery(server.callbackUrl, query), {
      redirect: 'manual',
      signal: AbortSignal.timeout(at.timeoutMs),
    })
    const body = await readSome(answer)
    const refused = checkAnswer(answer.status, answer.headers.get('location'), body, echostr)
    return refused ?? { ok: true, ms: Math.round(performance.now() - began) }
  } catch (err) {
    return failedRequest(err, at.timeoutMs)
  }
}

function checkAnswer(
  status: number,
  location: string | null,
  body: string,
  echostr: string,
): UrlCheck | null {
  if (status >= 300 && status < 400) {
    const to = location ?? ''
    return failedCheck('redirect', status, {
      zh: `服务器返回了重定向（HTTP ${status}${to && `，${to}`}）。微信不支持重定向，请填写最终地址`,
      en: `the server answered with a redirect (HTTP ${status}${to && ` to ${to}`}). WeChat does not follow redirects. Enter the final URL`,
    })
  }
  if (status !== 200) {
    return failedCheck('status', status, {
      zh: `服务器返回 HTTP ${status}，应为 200。请检查路径、签名校验和 Token`,
      en: `the server answered HTTP ${status} instead of 200. Check the path, the signature check and the token`,
    })
  }
  if (body === echostr) return null
  return failedCheck('body', status, wrongBody(body, echostr))
}

function wrongBody(body: string, echostr: string): Reason {
  const excerpt = body.length > 60 ? `${[...body].slice(0, 60).join('')}…` : body
  if (body === '')
    return {
      zh: 'Token 验证失败：服务器返回空内容。请原样返回 echostr',
      en: 'token check failed: the body is empty. Answer with the unchanged echostr',
    }
  if (body.includes(echostr))
    return {
      zh: 'Token 验证失败：echostr 前后有多余内容（引号、空格、换行或 BOM）。请只返回 echostr',
      en: 'token check failed: the body has more than the echostr (quotes, white space or a BOM). Answer with the echostr only',
    }
  return {
    zh: `Token 验证失败：返回的不是 echostr，而是「${excerpt}」`,
    en: `token check failed: the body is not the echostr but "${excerpt}"`,
  }
}

function failedRequest(err: unknown, timeoutMs: number): UrlCheck {
  if (err instanceof Error && err.name === 'TimeoutError') {
    const seconds = timeoutMs / 1000
    return failedCheck('time-out', null, {
      zh: `请求 URL 超时：服务器 ${seconds} 秒内未响应`,
      en: `time-out: the server did not answer within ${seconds} s`,
    })
  }
  const cause = err instanceof Error && err.cause instanceof Error ? err.cause : err
  const message = cause instanceof Error ? cause.message || cause.name : String(cause)
  return failedCheck('unreachable', null, {
    zh: `无法连接服务器：${message}`,
    en: `the server cannot be reached: ${message}`,
  })
}

function failedCheck(
  why: (UrlCheck & { ok: false })['why'],
  status: number | null,
  reason: Reason,
): UrlCheck {
  return { ok: false, why, reason, status }
}

async function readSome(answer: Response): Promise<string> {
  const parts: Uint8Array[] = []
  let size = 0
  for await (const part of answer.body ?? []) {
    parts.push(part)
    size += part.length
    if (size > READ_MAX) break
  }
  return Buffer.concat(parts).toString('utf8')
}
