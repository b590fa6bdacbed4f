import { raw } from 'hono/html'
import type { Child } from 'hono/jsx'
import { THEMES } from '../../ui/preferences.ts'
import { Icon, type IconName } from './icons.tsx'
import { SHELL_TEXTS } from './shell-texts.ts'
import { useText, useView } from './view.tsx'

export const PREFERENCES_PATH = '/preferences'

type Section = 'phones' | 'crowd' | 'accounts'

interface PageProps {
  title: string
  at?: Section
  /** Below the title. */
  hint?: Child
  /** Beside the title. */
  aside?: Child
  consoleUrl: string | null
  /** A script of `browser/`. */
  script?: 'phones' | 'crowd'
  children?: Child
}

/** The document of every page, also of WeChat's own pages. */
export const Document = (props: { title: string; script?: string | undefined; children: Child }) => {
  const { language, theme } = useView()
  const { product } = useText(SHELL_TEXTS)
  return (
    <>
      {raw('<!DOCTYPE html>')}
      <html
        lang={language === 'zh' ? 'zh-CN' : 'en'}
        {...(theme === 'system' ? {} : { 'data-theme': theme })}
      >
        <head>
          <meta charset="utf-8" />
          <meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover" />
          <title>{`${props.title} · ${product}`}</title>
          <link rel="icon" href="/assets/icon.svg" />
          <link rel="stylesheet" href="/assets/simulator.css" />
          {props.script ? <script type="module" src={`/assets/scripts/${props.script}.js`} /> : null}
        </head>
        {props.children}
      </html>
    </>
  )
}

/** A page of the simulator, with its navigation. */
export const Page = (props: PageProps) => {
  const texts = useText(SHELL_TEXTS)
  return (
    <Document title={props.title} script={props.script}>
      <body class="framed simulator">
        <a class="skip" href="#main">
          {texts.skip}
        </a>
        <Navigation at={props.at} consoleUrl={props.consoleUrl} />
        <main id="main" class="content" tabindex={-1}>
          <header class="page-head">
            <div>
              <h1>{props.title}</h1>
              {props.hint ? <p class="quiet">{props.hint}</p> : null}
            </div>
            <div class="row">
              {props.aside}
              <span class="only-narrow">
                <Preferences />
              </span>
            </div>
          </header>
          {props.children}
          <footer class="quiet">{texts.beijingTime}</footer>
        </main>
      </body>
    </Document>
  )
}

const Navigation = ({ at, consoleUrl }: { at: Section | undefined; consoleUrl: string | null }) => {
  const texts = useText(SHELL_TEXTS)
  const links: [href: string, icon: IconName, title: string, isHere: boolean][] = [
    ['/', 'smartphone', texts.phones, at === 'phones'],
    ['/crowd', 'users', texts.crowd, at === 'crowd'],
    ['/accounts', 'radio-tower', texts.accounts, at === 'accounts'],
    ...(consoleUrl
      ? [[consoleUrl, 'external-link', texts.console, false] as [string, IconName, string, boolean]]
      : []),
  ]
  const items = links.map(([href, icon, title, isHere]) => (
    <a href={href} title={title} aria-current={isHere ? 'page' : undefined}>
      <Icon name={icon} />
      <span>{title}</span>
    </a>
  ))
  return (
    <>
      <nav class="side" aria-label={texts.navigation}>
        <a class="brand" href="/" aria-label={texts.product} title={texts.product}>
          <Logo />
        </a>
        <div class="nav-group">{items}</div>
        <div class="person">
          <div class="person-actions">
            <Preferences />
          </div>
        </div>
      </nav>
      <nav class="tabs" aria-label={texts.navigation}>
        {items}
      </nav>
    </>
  )
}

const Logo = () => (
  <svg class="logo" viewBox="0 0 32 32" aria-hidden="true">
    <rect class="logo-ground" width="32" height="32" rx="8" />
    <path class="logo-stem" d="M16 26v-9" />
    <path class="logo-leaf" d="M16 17c0-5-3-8-9-8 0 5 3 8 9 8Z" />
    <path class="logo-leaf small" d="M16 21c0-4 3-7 8-7 0 4-3 7-8 7Z" />
  </svg>
)

/** Language and appearance. The console on the same host has the same choice. */
const Preferences = () => {
  const { language, theme } = useView()
  const texts = useText(SHELL_TEXTS)
  const next = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length] ?? 'system'
  const [other, lang] = language === 'zh' ? ['en', 'en'] : ['zh', 'zh-CN']
  return (
    <>
      <Preference name="theme" value={next} title={texts.toTheme(texts.theme[next])} icon="sun-moon" />
      <Preference name="language" value={other} title={texts.otherLanguage} icon="languages" lang={lang} />
    </>
  )
}

const Preference = (props: { name: string; value: string; title: string; icon: IconName; lang?: string }) => {
  const { name, value, title, icon, lang } = props
  return (
    <form
      method="post"
      action={`${PREFERENCES_PATH}?${new URLSearchParams({ [name]: value, back: useView().url })}`}
    >
      <button class="icon-button" type="submit" title={title} aria-label={title} lang={lang}>
        <Icon name={icon} />
      </button>
    </form>
  )
}

/** Says that there is no such page or account. */
export const NotFoundPage = (props: { text: string; consoleUrl: string | null }) => {
  const texts = useText(SHELL_TEXTS)
  return (
    <Page title={texts.notFound} consoleUrl={props.consoleUrl}>
      <div class="empty">
        <p>{props.text}</p>
        <p>
          <a href="/accounts">{texts.toAccounts}</a>
        </p>
      </div>
    </Page>
  )
}
