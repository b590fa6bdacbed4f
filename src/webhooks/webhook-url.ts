import { privateHostProblem } from '../shared/network/public-only-connector.ts'

/** Tells an operator how to send to a private address, or without TLS. */
export const HOW_TO_ALLOW = 'set WEBHOOK_PRIVATE=on to allow it'
const MAX_URL_CHARS = 2_048

/**
 * Why webhooks may not be sent to this URL, as far as that is known without a DNS query; null when they may.
 * @param allowPrivate WEBHOOK_PRIVATE: http and private addresses are allowed
 */
export function webhookUrlProblem(url: string, allowPrivate: boolean): string | null {
  if (url.length > MAX_URL_CHARS) return `has more than ${MAX_URL_CHARS} characters`
  if (!URL.canParse(url)) return 'is not a URL, like https://example.com/hook'
  const { protocol, username, password, hash } = new URL(url)
  if (protocol !== 'https:' && protocol !== 'http:') return 'must begin with https://'
  if (username !== '' || password !== '')
    return 'must not contain a user name or password: the signature authenticates the request'
  if (hash !== '') return 'must not contain a fragment (#…)'
  if (allowPrivate) return null
  if (protocol === 'http:') return `must begin with https://: ${HOW_TO_ALLOW}`
  const problem = privateHostProblem(url)
  return problem && `${problem}: ${HOW_TO_ALLOW}`
}
