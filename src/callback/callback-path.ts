import { getPath } from 'hono/utils/url'

/**
 * The path for routing a request. Operators type callback URLs by hand at WeChat, which requests them unchanged. Therefore paths
 * below `/wechat` are normalised, as the proxy does: repeated slashes count as one, a trailing slash as none, an encoded slash as
 * a slash, and `wechat` is lowercased. Other paths stay unchanged.
 */
export function callbackPath(request: Request): string {
  const path = getPath(request)
  if (!/^(?:\/|%2f)+wechat(?:\/|%2f|$)/i.test(path)) return path
  const [, ...parts] = path.split(/\/|%2f/i).filter((part) => part !== '')
  return ['/wechat', ...parts].join('/')
}
