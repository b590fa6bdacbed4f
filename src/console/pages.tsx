import { raw } from 'hono/html'
import { type Frame, Heading, Layout } from './layout.tsx'

/** What went wrong at the last try. */
export type SignInTrouble = { kind: 'token' } | { kind: 'password' } | { kind: 'wait'; seconds: number }

export const SignInPage = ({ trouble }: { trouble: SignInTrouble | null }) => (
  <>
    {raw('<!DOCTYPE html>')}
    <html lang="zh-CN">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>登录 · FollowerNurture</title>
        <link rel="icon" href="/assets/icon.svg" />
        <link rel="stylesheet" href="/assets/console.css" />
      </head>
      <body>
        <form class="signin" method="post" action="/signin">
          <Heading zh="粉丝培育" en="FollowerNurture" />
          <label>
            <span>
              用户名 <small>name</small>
            </span>
            <input name="name" autocomplete="username" autocapitalize="none" maxlength={64} />
          </label>
          <label>
            <span>
              密码 <small>password</small>
            </span>
            <input name="password" type="password" autocomplete="current-password" maxlength={200} />
          </label>
          <p class="or">
            <span>
              或者 <small>or</small>
            </span>
          </p>
          <label>
            <span>
              管理令牌 <small>admin token</small>
            </span>
            <input name="token" type="password" autocomplete="off" />
          </label>
          {trouble ? (
            <p class="bad" role="alert">
              {sayTrouble(trouble)}
            </p>
          ) : null}
          <button type="submit">登录 sign in</button>
        </form>
      </body>
    </html>
  </>
)

function sayTrouble(trouble: SignInTrouble): string {
  switch (trouble.kind) {
    case 'token':
      return '令牌不对 this is not the token'
    case 'password':
      return '用户名或密码不对 name or password is wrong'
    case 'wait':
      return `尝试次数过多，请在 ${trouble.seconds} 秒后再试 too many tries: wait ${trouble.seconds} s`
    default:
      return trouble satisfies never
  }
}

export const MissingPage = ({ links }: { links: Frame }) => (
  <Layout title="没有找到" at="" links={links}>
    <Heading zh="没有找到" en="not found" />
  </Layout>
)

export const ForbiddenPage = ({ links }: { links: Frame }) => (
  <Layout title="没有权限" at="" links={links}>
    <Heading zh="没有权限" en="not allowed" />
    <p>
      这个页面只给管理员看 <span class="quiet">this page is for admins</span>
    </p>
  </Layout>
)
