import type { Child } from 'hono/jsx'
import { HtmlDocument } from '../../ui/html-document.tsx'
import { Logo } from '../../ui/logo.tsx'
import { LanguageSwitch, ThemeSwitch } from '../../ui/preference-switches.tsx'
import { Icon, type IconName } from './icons.tsx'
import { SHELL_TEXTS } from './shell-texts.ts'
import { useText, useView } from './view.tsx'

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
    <HtmlDocument
      language={language}
      theme={theme}
      title={`${props.title} · ${product}`}
      stylesheet="/assets/simulator.css"
      head={props.script ? <script type="module" src={`/assets/scripts/${props.script}.js`} /> : null}
    >
      {props.children}
    </HtmlDocument>
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

/** Language and appearance. The console on the same host has the same choice. */
const Preferences = () => {
  const { language, theme, url } = useView()
  const texts = useText(SHELL_TEXTS)
  return (
    <>
      <ThemeSwitch
        theme={theme}
        back={url}
        title={(next) => texts.toTheme(texts.theme[next])}
        icon={<Icon name="sun-moon" />}
      />
      <LanguageSwitch
        language={language}
        back={url}
        title={texts.otherLanguage}
        icon={<Icon name="languages" />}
      />
    </>
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

/** Says that there is no account, or none of this id. */
export const NoAccountPage = ({ appId, consoleUrl }: { appId?: string; consoleUrl: string | null }) => {
  const texts = useText(SHELL_TEXTS)
  const text = appId === undefined ? texts.noAccount : texts.unknownAccount(appId)
  return <NotFoundPage text={text} consoleUrl={consoleUrl} />
}
