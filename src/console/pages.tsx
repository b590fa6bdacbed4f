import { raw } from 'hono/html'
import { Heading, Layout, type Links } from './layout.tsx'

export const SignInPage = ({ wrong }: { wrong: boolean }) => (
  <>
    {raw('<!DOCTYPE html>')}
    <html lang="zh-CN">
      <head>
        <meta charset="utf-8" />
        <title>登录 · FollowerNurture</title>
        <link rel="icon" href="/assets/icon.svg" />
        <link rel="stylesheet" href="/assets/console.css" />
      </head>
      <body>
        <form class="signin" method="post" action="/signin">
          <Heading zh="粉丝培育" en="FollowerNurture" />
          <label>
            管理令牌 <small>admin token</small>
            <input name="token" type="password" autocomplete="current-password" required />
          </label>
          {wrong ? <p class="bad">令牌不对 this is not the token</p> : null}
          <button type="submit">登录 sign in</button>
        </form>
      </body>
    </html>
  </>
)

export const MissingPage = ({ links }: { links: Links }) => (
  <Layout title="没有找到" at="" links={links}>
    <Heading zh="没有找到" en="not found" />
  </Layout>
)
