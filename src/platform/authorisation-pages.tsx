import { raw } from 'hono/html'
import type { Child } from 'hono/jsx'

/** The frame of the pages that an owner sees after WeChat's authorisation page. */
const Page = ({ children }: { children?: Child }) => (
  <>
    {raw('<!DOCTYPE html>')}
    <html lang="zh-CN">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>公众号授权 · FollowerNurture</title>
        <link rel="icon" href="/assets/icon.svg" />
        <link rel="stylesheet" href="/assets/console.css" />
      </head>
      <body>
        <main>{children}</main>
      </body>
    </html>
  </>
)

export const AuthorisedPage = (props: {
  name: string
  appId: string
  /** URL of the account's simulated phone; null when it has none. */
  phoneUrl: string | null
}) => (
  <Page>
    <h1>
      授权成功 <small>authorised</small>
    </h1>
    <p>
      「{props.name}」<code>{props.appId}</code>
    </p>
    <p>
      现在可以关闭此页面。 <span class="quiet">You may close this page.</span>
    </p>
    {props.phoneUrl ? (
      <p class="row">
        <a href={props.phoneUrl}>
          在模拟手机上关注它 <small>follow it on the simulated phone</small>
        </a>
        <a href="/">
          运营台 <small>console</small>
        </a>
      </p>
    ) : null}
  </Page>
)

export const ProblemPage = ({ zh, en }: { zh: string; en: string }) => (
  <Page>
    <h1>
      授权没有完成 <small>not authorised</small>
    </h1>
    <p>
      {zh} <span class="quiet">{en}</span>
    </p>
    <p>
      <a href="/wechat/component/authorize">重新授权 authorise again</a>
    </p>
  </Page>
)
