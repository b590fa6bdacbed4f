import type { Child } from 'hono/jsx'
import type { Language } from './bilingual.ts'
import { THEMES, type Theme } from './preferences.ts'

/** Where the switches post to, as `chosenPreferences` reads it. */
export const PREFERENCES_PATH = '/preferences'

/** Chooses the other language. @param props.back the path of the page, to which the choice leads back */
export const LanguageSwitch = (props: { language: Language; back: string; title: string; icon: Child }) => {
  const { language, ...rest } = props
  const [other, lang] = language === 'zh' ? ['en', 'en'] : ['zh', 'zh-CN']
  return <Switch name="language" value={other} lang={lang} {...rest} />
}

/** Goes through the appearances in turn. @param props.title what a choice of the next one does */
export const ThemeSwitch = (props: {
  theme: Theme
  back: string
  title: (next: Theme) => string
  icon: Child
}) => {
  const { theme, title, ...rest } = props
  const next = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length] ?? 'system'
  return <Switch name="theme" value={next} title={title(next)} {...rest} />
}

const Switch = (props: {
  name: 'language' | 'theme'
  value: string
  back: string
  title: string
  icon: Child
  lang?: string
}) => {
  const { name, value, back, title, icon, lang } = props
  return (
    <form method="post" action={`${PREFERENCES_PATH}?${new URLSearchParams({ [name]: value, back })}`}>
      <button class="icon-button" type="submit" title={title} aria-label={title} lang={lang}>
        {icon}
      </button>
    </form>
  )
}
