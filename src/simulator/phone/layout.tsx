import { raw } from 'hono/html'
import type { Child } from 'hono/jsx'

/** The frame of every page: Chinese first, English small. */
export const Shell = (props: { title: string; style: string; nav?: Child; children: Child }) => (
  <>
    {raw('<!DOCTYPE html>')}
    <html lang="zh-CN">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>{props.title} · 模拟微信</title>
        <link rel="icon" href="data:," />
        <link rel="stylesheet" href={`/assets/${props.style}.css`} />
      </head>
      <body>
        <header>
          <h1>
            微信模拟器 <small>WeChat simulator</small>
          </h1>
          {props.nav}
        </header>
        <main>{props.children}</main>
      </body>
    </html>
  </>
)

/** A page beside the phone page. */
export const Layout = (props: { title: string; consoleUrl: string | null; children: Child }) => (
  <Shell
    title={props.title}
    style="phone"
    nav={
      <nav>
        <a href="/accounts">公众号 accounts</a>
        {props.consoleUrl ? <a href={props.consoleUrl}>运营台 console</a> : null}
      </nav>
    }
  >
    {props.children}
  </Shell>
)
