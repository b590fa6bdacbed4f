import { raw } from 'hono/html'
import type { Child } from 'hono/jsx'
import { ADMIN_TOKEN_ACTOR, type Principal } from '../auth/principal.ts'
import { timeInBeijing } from '../shared/beijing-time.ts'
import { labelFor, ROLE_LABELS } from './labels.ts'

const NAV = [
  ['/', '账号', 'accounts'],
  ['/campaigns', '活动', 'campaigns'],
  ['/followers', '粉丝', 'followers'],
] as const
/** Pages for admins. */
const ADMIN_NAV = [
  ['/users', '用户', 'users'],
  ['/tokens', '令牌', 'tokens'],
  ['/audit', '操作记录', 'audit log'],
] as const
/** Without this, htmx adds an inline style, which the content security policy refuses. */
const HTMX_CONFIG = JSON.stringify({ includeIndicatorCSS: false })

export interface Links {
  /** The simulator's phone page; null: no simulator runs. */
  simulatorUrl: string | null
  /** Temporal Web UI; null: none is known. */
  temporalUiUrl: string | null
  namespace: string
  /** The page on which an account's owner authorises the third-party platform; null: none is configured. */
  authorisationUrl?: string | null
  /** Temporal is not the namespace of the stored runs. Every page shows a banner. */
  unexpectedNamespace?: boolean
}

/** The links of a page, and its signed-in user. */
export type PageContext = Links & { principal: Principal }

export const Layout = (props: { title: string; at: string; context: PageContext; children?: Child }) => (
  <>
    {raw('<!DOCTYPE html>')}
    <html lang="zh-CN">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>{`${props.title} · FollowerNurture`}</title>
        <link rel="icon" href="/assets/icon.svg" />
        <link rel="stylesheet" href="/assets/console.css" />
        <meta name="htmx-config" content={HTMX_CONFIG} />
        <script src="/assets/htmx.js" defer />
      </head>
      <body>
        <header>
          <strong>
            粉丝培育 <small>FollowerNurture</small>
          </strong>
          <nav>
            {[...NAV, ...(props.context.principal.role === 'admin' ? ADMIN_NAV : [])].map(
              ([href, zh, en]) => (
                <a href={href} class={href === props.at ? 'here' : ''}>
                  {zh} <small>{en}</small>
                </a>
              ),
            )}
            {props.context.simulatorUrl ? (
              <a href={props.context.simulatorUrl}>
                手机 <small>phone</small>
              </a>
            ) : null}
            {props.context.temporalUiUrl ? (
              <a href={props.context.temporalUiUrl}>
                Temporal <small>Web UI</small>
              </a>
            ) : null}
          </nav>
          <form method="post" action="/signout">
            <span class="who">
              {props.context.principal.actor === ADMIN_TOKEN_ACTOR ? (
                '管理令牌 admin token'
              ) : (
                <a href="/account/second-factor" title="两步验证 second factor">
                  {props.context.principal.actor}
                </a>
              )}{' '}
              <small>{labelFor(ROLE_LABELS, props.context.principal.role)}</small>
            </span>
            <button type="submit">
              退出 <small>sign out</small>
            </button>
          </form>
        </header>
        <main>
          {props.context.unexpectedNamespace ? (
            <p class="bad" role="alert">
              当前连接的 Temporal
              命名空间与已保存的培育不匹配：消息已停止发送，回调照常保存。请检查连接地址，或执行{' '}
              <code>nurture temporal accept</code>
              <small>
                {' '}
                This is not the Temporal namespace of the stored runs: nothing is sent, callbacks are stored.
              </small>
            </p>
          ) : null}
          {props.children}
        </main>
        <footer class="quiet">时间均为北京时间 · all times are Beijing time (UTC+8)</footer>
      </body>
    </html>
  </>
)

/** A heading in both languages. */
export const Heading = ({ zh, en }: { zh: string; en: string }) => (
  <h1>
    {zh} <small>{en}</small>
  </h1>
)

/** Beijing time: WeChat's days and the operators use it. */
export const Time = ({ at }: { at: string | null }) =>
  at ? <time datetime={at}>{timeInBeijing(Date.parse(at))}</time> : <span class="quiet">–</span>
