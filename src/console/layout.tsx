import type { Child } from 'hono/jsx'

const NAV = [
  ['/', '账号', 'accounts'],
  ['/campaigns', '活动', 'campaigns'],
  ['/followers', '粉丝', 'followers'],
] as const

export interface Links {
  /** The simulator's phone page, where there is a simulator. */
  simulatorUrl: string | null
  /** Temporal Web UI. */
  temporalUiUrl: string | null
  namespace: string
}

export const Layout = (props: { title: string; at: string; links: Links; children?: Child }) => (
  <html lang="zh-CN">
    <head>
      <meta charset="utf-8" />
      <meta name="viewport" content="width=device-width, initial-scale=1" />
      <title>{`${props.title} · FollowerNurture`}</title>
      <link rel="stylesheet" href="/assets/console.css" />
      <script src="/assets/htmx.js" defer />
    </head>
    <body>
      <header>
        <strong>
          粉丝培育 <small>FollowerNurture</small>
        </strong>
        <nav>
          {NAV.map(([href, zh, en]) => (
            <a href={href} class={href === props.at ? 'here' : ''}>
              {zh} <small>{en}</small>
            </a>
          ))}
          {props.links.simulatorUrl ? (
            <a href={props.links.simulatorUrl}>
              手机 <small>phone</small>
            </a>
          ) : null}
          {props.links.temporalUiUrl ? (
            <a href={props.links.temporalUiUrl}>
              Temporal <small>Web UI</small>
            </a>
          ) : null}
          <form method="post" action="/signout">
            <button type="submit">
              退出 <small>sign out</small>
            </button>
          </form>
        </nav>
      </header>
      <main>{props.children}</main>
    </body>
  </html>
)

/** A heading in both languages. */
export const Heading = ({ zh, en }: { zh: string; en: string }) => (
  <h1>
    {zh} <small>{en}</small>
  </h1>
)

export const Time = ({ at }: { at: string | null }) =>
  at ? <time datetime={at}>{at.slice(0, 19).replace('T', ' ')}</time> : <span class="quiet">–</span>
