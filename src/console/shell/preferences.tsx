import type { Context } from 'hono'
import { Hono } from 'hono'
import { getCookie } from 'hono/cookie'
import type { Auth } from '../../auth/auth.ts'
import { LANGUAGES, type Language } from '../../ui/bilingual.ts'
import {
  ThemeSwitch as NextTheme,
  LanguageSwitch as OtherLanguage,
  PREFERENCES_PATH,
} from '../../ui/preference-switches.tsx'
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
  app.post(PREFERENCES_PATH, async (c) => {
    const { back, ...chosen } = chosenPreferences(c)
    keepPreferences(c, chosen, client(c).https)
    const principal = await signIn.principalOf(getCookie(c, cookies.session))
    if (principal?.preferences) await users.prefer(principal.actor, chosen)
    return c.redirect(back, 303)
  })
  return app
}

export const LanguageSwitch = () => {
  const { language, url } = useView()
  const { otherLanguage } = useText(SHELL_TEXTS)
  return (
    <OtherLanguage language={language} back={url} title={otherLanguage} icon={<Icon name="languages" />} />
  )
}

export const ThemeSwitch = () => {
  const { theme, url } = useView()
  const texts = useText(SHELL_TEXTS)
  return (
    <NextTheme
      theme={theme}
      back={url}
      title={(next) => texts.toTheme(texts.theme[next])}
      icon={<Icon name="sun-moon" />}
    />
  )
}
