import type { Context } from 'hono'
import { deleteCookie, getCookie, setCookie } from 'hono/cookie'
import { isStorable, truncateText } from '../shared/text.ts'
import { NOTICE_TEXTS } from './texts/notice-texts.ts'

export type NoticeName = keyof (typeof NOTICE_TEXTS)['zh']
export interface Notice {
  name: NoticeName
  /** What the text names: a campaign, a count. */
  values: readonly string[]
}

const COOKIE = 'nurture_notice'
/** Long enough for the redirect to the next page. */
const MAX_AGE_S = 30
const MAX_VALUES = 4
const MAX_VALUE_CHARS = 80

/**
 * Answers a form that has done its work: leads to a page (303), which shows the notice once. A reload of that page does not
 * send the form again.
 */
export function done(c: Context, to: string, name: NoticeName, ...values: (string | number)[]): Response {
  const texts = values.slice(0, MAX_VALUES).map((value) => truncateText(String(value), MAX_VALUE_CHARS))
  const cookie = Buffer.from(JSON.stringify([name, ...texts])).toString('base64url')
  setCookie(c, COOKIE, cookie, { path: '/', maxAge: MAX_AGE_S, httpOnly: true, sameSite: 'Strict' })
  return c.redirect(to, 303)
}

/** The notice for this page, which is shown once. Null: there is none, or the cookie is not from {@link done}. */
export function takeNotice(c: Context): Notice | null {
  const cookie = getCookie(c, COOKIE)
  if (cookie === undefined) return null
  deleteCookie(c, COOKIE, { path: '/' })
  try {
    const [name, ...values] = JSON.parse(Buffer.from(cookie, 'base64url').toString('utf8')) as unknown[]
    if (typeof name !== 'string' || !Object.hasOwn(NOTICE_TEXTS.zh, name)) return null
    const isShort = (value: unknown): value is string =>
      typeof value === 'string' && value.length <= MAX_VALUE_CHARS + 1 && isStorable(value)
    if (values.length > MAX_VALUES || !values.every(isShort)) return null
    return { name: name as NoticeName, values: values as string[] }
  } catch {
    return null
  }
}
