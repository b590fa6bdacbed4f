import type { Context } from 'hono'
import { getCookie, setCookie } from 'hono/cookie'
import { languageDetector } from 'hono/language'
import { LANGUAGES, type Language } from './bilingual.ts'
import { isOwnPath } from './own-path.ts'

/** `system`: as the browser prefers. */
export const THEMES = ['system', 'light', 'dark'] as const
export type Theme = (typeof THEMES)[number]

const LANGUAGE_COOKIE = 'nurture_language'
const THEME_COOKIE = 'nurture_theme'
const ONE_YEAR_S = 365 * 24 * 3600

/** The language of the cookie, else of the browser, else Chinese. */
export const detectLanguage = languageDetector({
  order: ['cookie', 'header'],
  lookupCookie: LANGUAGE_COOKIE,
  supportedLanguages: [...LANGUAGES],
  fallbackLanguage: LANGUAGES[0],
  caches: false,
})

/** One of the known values; undefined: another one. */
export const oneOf = <T extends string>(all: readonly T[], value: string | null | undefined): T | undefined =>
  all.find((one) => one === value)

/** What `detectLanguage` has found. */
export const browserLanguage = (c: Context): Language => oneOf(LANGUAGES, c.get('language')) ?? LANGUAGES[0]
/** The appearance of the cookie. */
export const browserTheme = (c: Context): Theme => oneOf(THEMES, getCookie(c, THEME_COOKIE)) ?? 'system'

/** The choice that a form's address has: `?language=&theme=&back=`. */
export function chosenPreferences(c: Context): {
  language?: Language
  theme?: Theme
  /** A path of this server. */
  back: string
} {
  const language = oneOf(LANGUAGES, c.req.query('language'))
  const theme = oneOf(THEMES, c.req.query('theme'))
  const back = c.req.query('back') ?? '/'
  return {
    ...(language ? { language } : {}),
    ...(theme ? { theme } : {}),
    back: isOwnPath(back) ? back : '/',
  }
}

/** Keeps a choice in cookies for a year. */
export function keepPreferences(
  c: Context,
  { language, theme }: { language?: Language; theme?: Theme },
  secure: boolean,
): void {
  const options = { path: '/', maxAge: ONE_YEAR_S, sameSite: 'Lax', httpOnly: true, secure } as const
  if (language) setCookie(c, LANGUAGE_COOKIE, language, options)
  if (theme) setCookie(c, THEME_COOKIE, theme, options)
}
