import type { Context } from 'hono'
import { Hono } from 'hono'
import { getCookie, setCookie } from 'hono/cookie'
import { languageDetector } from 'hono/language'
import type { Auth } from '../../auth/auth.ts'
import { Icon } from '../design/icons.tsx'
import { LANGUAGES, type Language } from '../texts/bilingual.ts'
import { SHELL_TEXTS } from '../texts/shell-texts.ts'
import { THEMES, type Theme, useText, useView } from '../view.ts'

const PATH = '/preferences'
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

const oneOf = <T extends string>(all: readonly T[], value: string | null | undefined): T | undefined =>
  all.find((one) => one === value)

/** What the signed-in user has chosen, else the language of the cookie or the browser. */
export const languageOf = (c: Context): Language =>
  oneOf(LANGUAGES, preferencesOf(c)?.language) ?? oneOf(LANGUAGES, c.get('language')) ?? LANGUAGES[0]
/** What the signed-in user has chosen, else the appearance of the cookie. */
export const themeOf = (c: Context): Theme =>
  oneOf(THEMES, preferencesOf(c)?.theme) ?? oneOf(THEMES, getCookie(c, THEME_COOKIE)) ?? 'system'
const preferencesOf = (c: Context) => c.get('principal')?.preferences

/**
 * `POST /preferences?language=&theme=&back=`: language and appearance, also of somebody who is not signed in. A cookie keeps
 * them for a year, and a signed-in user has them in every browser. The body is not read.
 */
export function createPreferenceRoutes({ client, signIn, users, cookies }: Auth): Hono {
  const app = new Hono()
  app.post(PATH, async (c) => {
    const keep = (name: string, value: string | undefined) => {
      if (value === undefined) return
      const secure = client(c).https
      setCookie(c, name, value, { path: '/', maxAge: ONE_YEAR_S, sameSite: 'Lax', httpOnly: true, secure })
    }
    const language = oneOf(LANGUAGES, c.req.query('language'))
    const theme = oneOf(THEMES, c.req.query('theme'))
    keep(LANGUAGE_COOKIE, language)
    keep(THEME_COOKIE, theme)
    const principal = await signIn.principalOf(getCookie(c, cookies.session))
    if (principal?.preferences) {
      const chosen = { ...(language ? { language } : {}), ...(theme ? { theme } : {}) }
      await users.prefer(principal.actor, chosen)
    }
    return c.redirect(pathOnThisServer(c.req.query('back') ?? '/'), 303)
  })
  return app
}

/** Never leads to another site: `//host` and `/\host` do in browsers. */
function pathOnThisServer(path: string): string {
  return /^\/(?![/\\])[\x21-\x7e]*$/.test(path) && !path.includes('\\') ? path : '/'
}

const Preference = (props: {
  name: 'language' | 'theme'
  value: string
  title: string
  icon: 'languages' | 'sun-moon'
  lang?: string
}) => {
  const query = new URLSearchParams({ [props.name]: props.value, back: useView().url })
  return (
    <form method="post" action={`${PATH}?${query}`}>
      <button
        class="icon-button"
        type="submit"
        title={props.title}
        aria-label={props.title}
        lang={props.lang}
      >
        <Icon name={props.icon} />
      </button>
    </form>
  )
}

export const LanguageSwitch = () => {
  const { language } = useView()
  const [other, lang] = language === 'zh' ? ['en', 'en'] : ['zh', 'zh-CN']
  const title = useText(SHELL_TEXTS).otherLanguage
  return <Preference name="language" value={other} title={title} icon="languages" lang={lang} />
}

/** Goes through the appearances in turn. */
export const ThemeSwitch = () => {
  const { theme } = useView()
  const texts = useText(SHELL_TEXTS)
  const next = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length] ?? 'system'
  return <Preference name="theme" value={next} title={texts.toTheme(texts.theme[next])} icon="sun-moon" />
}
