import { getPath } from 'hono/utils/url'

/**
 * The path that a request is routed by. Below `/wechat` doubled slashes count as one and a slash at the end as none: the
 * address is typed by hand at WeChat, which asks it as it stands. Every other path is as it came.
 */
export function callbackPath(request: Request): string {
  const path = getPath(request)
  if (!/^\/+wechat(?:\/|$)/.test(path)) return path
  const parts = path.split('/').filter((part) => part !== '')
  return `/${parts.join('/')}`
}
