import { getPath } from 'hono/utils/url'

/**
 * The path that a request is routed by. Below `/wechat` doubled slashes count as one, a slash at the end as none, an encoded
 * slash as a slash, and capital letters in `wechat` as lowercase, as the proxy has them: the address is typed by hand at
 * WeChat, which requests it as it stands. Every other path is as it came.
 */
export function callbackPath(request: Request): string {
  const path = getPath(request)
  if (!/^(?:\/|%2f)+wechat(?:\/|%2f|$)/i.test(path)) return path
  const [, ...parts] = path.split(/\/|%2f/i).filter((part) => part !== '')
  return ['/wechat', ...parts].join('/')
}
