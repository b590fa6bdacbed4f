import type { Child } from 'hono/jsx'
import { HtmlDocument } from '../../ui/html-document.tsx'
import { Code } from '../components/basics.tsx'
import { Icon } from '../design/icons.tsx'
import { NOTICE_TEXTS } from '../texts/notice-texts.ts'
import { LOST_TEXTS, SHELL_TEXTS, SHORTCUT_TEXTS, SHORTCUTS } from '../texts/shell-texts.ts'
import { useText, useView } from '../view.ts'
import { Navigation } from './navigation.tsx'
import { LanguageSwitch, ThemeSwitch } from './preferences.tsx'

/** Without this, htmx adds an inline style, which the content security policy refuses. */
const HTMX_CONFIG = JSON.stringify({
  includeIndicatorCSS: false,
  // Parts that are swapped keep their details open.
  morphIgnore: ['data-htmx-powered', 'open'],
})

const Document = (props: {
  title: string
  live: boolean
  scripts?: readonly string[] | undefined
  children?: Child
}) => {
  const { title, live, scripts = [], children } = props
  const { language, theme } = useView()
  const { product } = useText(SHELL_TEXTS)
  return (
    <HtmlDocument
      language={language}
      theme={theme}
      title={`${title} · ${product}`}
      stylesheet="/assets/console.css"
      head={live ? <Scripts names={scripts} /> : null}
    >
      {children}
    </HtmlDocument>
  )
}

/** The editors are large, and draw by themselves all that can be clicked. */
const LARGE_SCRIPTS = ['editor', 'yaml-editor']

/** The browser draws a page once its small scripts have run: a click before would be lost (Chromium; others ignore the attribute). */
const Scripts = ({ names }: { names: readonly string[] }) => (
  <>
    <meta name="htmx-config" content={HTMX_CONFIG} />
    {/* Not deferred: htmx would then begin without its extension, if that arrives later. */}
    <script src="/assets/htmx.js" />
    {names.includes('live') ? <script src="/assets/hx-sse.js" /> : null}
    <script type="module" src="/assets/scripts/console.js" blocking="render" />
    {names.map((name) => (
      <script
        type="module"
        src={`/assets/scripts/${name}.js`}
        {...(LARGE_SCRIPTS.includes(name) ? {} : { blocking: 'render' })}
      />
    ))}
  </>
)

/** A page of the console, with the navigation. `at` is the path of its entry there. */
export const Page = (props: {
  title: string
  at: string
  /** Beside the title. */
  aside?: Child
  /** Further scripts, by their names in `browser/`. */
  scripts?: readonly string[]
  /** The navigation has drawings only, so that the page has more room. */
  isCompact?: boolean
  children?: Child
}) => {
  const { principal, links } = useView()
  const texts = useText(SHELL_TEXTS)
  if (!principal) throw new Error('A page with navigation needs a signed-in user.')
  return (
    <Document title={props.title} live={true} scripts={props.scripts}>
      <body class={props.isCompact ? 'framed compact' : 'framed'}>
        <a class="skip" href="#main">
          {texts.skip}
        </a>
        <Navigation at={props.at} principal={principal} />
        <main id="main" class="content" tabindex={-1}>
          {links.unexpectedNamespace ? <NamespaceBanner /> : null}
          <p id="connection-lost" class="note amber" role="alert" hidden>
            <Icon name="triangle-alert" />
            <span>{texts.connectionLost}</span>
          </p>
          <header class="page-head">
            <h1>{props.title}</h1>
            {props.aside}
          </header>
          {props.children}
          <footer class="quiet">{texts.beijingTime}</footer>
        </main>
        <Notices />
        <LostNotes />
        <ShortcutsDialog />
      </body>
    </Document>
  )
}

/** What the last form has done. The page's script adds further notices. */
const Notices = () => {
  const { notice } = useView()
  const texts = useText(NOTICE_TEXTS)
  return (
    <div id="notices" role="status" aria-live="polite">
      {notice ? <p class="notice">{say(texts[notice.name], notice.values)}</p> : null}
    </div>
  )
}
const say = (text: string | ((...values: string[]) => string), values: readonly string[]) =>
  typeof text === 'string' ? text : text(...values)

/** What the page's script says in a form that cannot be sent now. */
const LostNotes = () => {
  const texts = useText(LOST_TEXTS)
  return (
    <>
      {(['connection', 'session'] as const).map((lost) => (
        <template id={`lost-${lost}`}>
          <p class="note red" role="alert" data-lost>
            <Icon name="circle-alert" />
            <span>
              {texts[lost]}{' '}
              {lost === 'session' ? (
                <a href="/signin" target="_blank" rel="noopener">
                  {texts.signIn}
                </a>
              ) : null}
            </span>
          </p>
        </template>
      ))}
    </>
  )
}

const ShortcutsDialog = () => {
  const texts = useText(SHORTCUT_TEXTS)
  return (
    <dialog id="shortcuts" aria-labelledby="shortcuts-title">
      <h2 id="shortcuts-title">{texts.title}</h2>
      <dl class="keys">
        {SHORTCUTS.map(([keys, name]) => (
          <div>
            <dt translate="no">
              {keys.split(' ').map((key) => (
                <kbd>{key}</kbd>
              ))}
            </dt>
            <dd>{texts.keys[name]}</dd>
          </div>
        ))}
      </dl>
      <label class="check">
        <input type="checkbox" data-shortcuts />
        <span>{texts.enabled}</span>
      </label>
      <div class="dialog-actions">
        <button type="button" data-closes>
          {texts.close}
        </button>
      </div>
    </dialog>
  )
}

const NamespaceBanner = () => {
  const texts = useText(SHELL_TEXTS)
  return (
    <p class="note red" role="alert">
      <Icon name="circle-alert" />
      <span>
        {texts.wrongNamespace} {texts.wrongNamespaceRemedy} <Code>nurture temporal accept</Code>
      </span>
    </p>
  )
}

/** A page without navigation: for browsers that are not signed in, and for errors. It needs no store. */
export const StandalonePage = ({ title, children }: { title: string; children?: Child }) => (
  <Document title={title} live={false}>
    <body class="standalone">
      <div class="standalone-bar">
        <ThemeSwitch />
        <LanguageSwitch />
      </div>
      <main class="center">{children}</main>
    </body>
  </Document>
)
