import type { Context } from 'hono'
import { Hono } from 'hono'
import { getCookie } from 'hono/cookie'
import type { Auth } from '../../auth/auth.ts'
import { LANGUAGES, type Language } from '../../ui/bilingual.ts'
import {
  browserLanguage,
  browserTheme,
  chosenPreferences,
  keepPreferences,
  oneOf,
  THEMES,
  type Theme,
} from '../../ui/preferences.ts'
import { Icon } from '../design/icons.tsx'
import { SHELL_TEXTS } from '../texts/shell-texts.ts'
import { useText, useView } from '../view.ts'

const PATH = '/preferences'

/** What the signed-in user has chosen, else the language of the cookie or the browser. */
export const languageOf = (c: Context): Language =>
  oneOf(LANGUAGES, preferencesOf(c)?.language) ?? browserLanguage(c)
/** What the signed-in user has chosen, else the appearance of the cookie. */
export const themeOf = (c: Context): Theme => oneOf(THEMES, preferencesOf(c)?.theme) ?? browserTheme(c)
const preferencesOf = (c: Context) => c.get('principal')?.preferences

/**
 * `POST /preferences?language=&theme=&back=`: language and appearance, also of somebody who is not signed in. A cookie keeps
 * them for a year, and a signed-in user has them in every browser. The body is not read.
 */
export function createPreferenceRoutes({ client, signIn, users, cookies }: Auth): Hono {
  const app = new Hono()
  app.post(PATH, async (c) => {
    const { back, ...chosen } = chosenPreferences(c)
    keepPreferences(c, chosen, client(c).https)
    const principal = await signIn.principalOf(getCookie(c, cookies.session))
    if (principal?.preferences) await users.prefer(principal.actor, chosen)
    return c.redirect(back, 303)
  })
  return app
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
