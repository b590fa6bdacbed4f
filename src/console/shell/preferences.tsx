import type { Context } from 'hono'
import { Hono } from 'hono'
import { getCookie, setCookie } from 'hono/cookie'
import { languageDetector } from 'hono/language'
import type { BodyBudget } from '../../api/body/body-budget.ts'
import type { Auth } from '../../auth/auth.ts'
import { Icon } from '../design/icons.tsx'
import { boundedForm, readFields } from '../form-body.ts'
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

const oneOf = <T extends string>(all: readonly T[], value: string | undefined): T | undefined =>
  all.find((one) => one === value)

export const languageOf = (c: Context): Language => oneOf(LANGUAGES, c.get('language')) ?? LANGUAGES[0]
export const themeOf = (c: Context): Theme => oneOf(THEMES, getCookie(c, THEME_COOKIE)) ?? 'system'

/** `POST /preferences`: language and appearance, also of somebody who is not signed in. A cookie keeps them for a year. */
export function createPreferenceRoutes({ auth, bodyBudget }: { auth: Auth; bodyBudget: BodyBudget }): Hono {
  const app = new Hono()
  const { client } = auth
  app.post(PATH, boundedForm({ bodyBudget, client }, 'anonymous'), async (c) => {
    const field = await readFields(c)
    const keep = (name: string, value: string | undefined) => {
      if (value === undefined) return
      const secure = client(c).https
      setCookie(c, name, value, { path: '/', maxAge: ONE_YEAR_S, sameSite: 'Lax', httpOnly: true, secure })
    }
    keep(LANGUAGE_COOKIE, oneOf(LANGUAGES, field('language')))
    keep(THEME_COOKIE, oneOf(THEMES, field('theme')))
    return c.redirect(pathOnThisServer(field('back')), 303)
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
}) => (
  <form method="post" action={PATH}>
    <input type="hidden" name="back" value={useView().url} />
    <button
      class="icon-button"
      type="submit"
      name={props.name}
      value={props.value}
      title={props.title}
      aria-label={props.title}
      lang={props.lang}
    >
      <Icon name={props.icon} />
    </button>
  </form>
)

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
