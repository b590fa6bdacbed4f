import { raw } from 'hono/html'
import type { Child } from 'hono/jsx'
import { Heading, Layout, type PageContext } from '../layout.tsx'

/** Why the last attempt failed. */
export type SignInProblem =
  | { kind: 'token' }
  | { kind: 'password' }
  | { kind: 'code' }
  /** The page had expired, so it has another QR code now. */
  | { kind: 'new-secret' }
  | { kind: 'over' }
  | { kind: 'wait'; seconds: number }

/** A page without navigation, for browsers that are not signed in. */
export const StandalonePage = ({ title, children }: { title: string; children?: Child }) => (
  <>
    {raw('<!DOCTYPE html>')}
    <html lang="zh-CN">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>{`${title} · FollowerNurture`}</title>
        <link rel="icon" href="/assets/icon.svg" />
        <link rel="stylesheet" href="/assets/console.css" />
      </head>
      <body>{children}</body>
    </html>
  </>
)

export const SignInPage = ({ problem }: { problem: SignInProblem | null }) => (
  <StandalonePage title="登录">
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
      <ProblemMessage problem={problem} />
      <button type="submit">登录 sign in</button>
    </form>
  </StandalonePage>
)

/** Asks for confirmation if another site or a prefetch opened a link with a token. */
export const SignInByLinkPage = ({ token }: { token: string }) => (
  <StandalonePage title="登录">
    <form class="signin" method="post" action="/signin">
      <Heading zh="粉丝培育" en="FollowerNurture" />
      <p>
        使用链接中的管理令牌登录？ <small>Sign in with the admin token of this link?</small>
      </p>
      <input type="hidden" name="token" value={token} />
      <button type="submit">登录 sign in</button>
    </form>
  </StandalonePage>
)

export const ProblemMessage = ({ problem }: { problem: SignInProblem | null }) =>
  problem ? (
    <p class="bad" role="alert">
      {problemText(problem)}
    </p>
  ) : null

function problemText(problem: SignInProblem): string {
  switch (problem.kind) {
    case 'token':
      return '令牌不正确 wrong token'
    case 'password':
      return '用户名或密码不正确 wrong name or password'
    case 'code':
      return '动态码不正确或已使用，请等待下一个 wrong or used code: wait for the next one'
    case 'new-secret':
      return '页面已过期，二维码已更换，请重新扫描 this page has expired: scan the new QR code'
    case 'over':
      return '验证已超时、已使用或尝试次数过多，请重新登录 expired, used or too many attempts: sign in again'
    case 'wait':
      return `尝试次数过多，请在 ${problem.seconds} 秒后再试 too many attempts: wait ${problem.seconds} s`
    default:
      return problem satisfies never
  }
}

/** Texts of error pages by status, with what to do. */
const ERROR_TEXTS: Readonly<Record<number, readonly [zh: string, en: string]>> = {
  400: ['请求无法读取，请返回后重试', 'The request cannot be read. Go back and try again.'],
  403: ['请求来自其他网站，已拒绝', 'Refused: the request came from another site.'],
  404: ['没有找到', 'Not found.'],
  408: ['请求超时，请重试', 'The request took too long. Try again.'],
  413: ['提交的内容过大', 'The request is too large.'],
  415: ['提交的格式不对，请使用页面上的表单', 'Wrong content type. Use the form on the page.'],
  422: [
    '地址或内容中有无法处理的字符，请从列表重新进入',
    'The URL has invalid characters. Start again from the list.',
  ],
  429: ['请求过多，请稍后再试', 'Too many requests. Try again later.'],
  500: ['服务器内部错误，详情见服务器日志', 'Internal error. The log of the server has the details.'],
  503: ['服务器繁忙，请稍后再试', 'The server is busy. Try again in a few seconds.'],
}
const OTHER_ERROR = ['请求无法处理', 'The request cannot be processed.'] as const

/** An error page. It needs no session and no store. */
export const ErrorPage = ({ status }: { status: number }) => {
  const [zh, en] = ERROR_TEXTS[status] ?? OTHER_ERROR
  return (
    <>
      {raw('<!DOCTYPE html>')}
      <html lang="zh-CN">
        <head>
          <meta charset="utf-8" />
          <meta name="viewport" content="width=device-width, initial-scale=1" />
          <title>{`${status} · FollowerNurture`}</title>
          <link rel="icon" href="/assets/icon.svg" />
          <link rel="stylesheet" href="/assets/console.css" />
        </head>
        <body>
          <main>
            <Heading zh={zh} en={en} />
            <p>
              <a href="/">
                返回首页 <small>back to the console</small>
              </a>
            </p>
          </main>
        </body>
      </html>
    </>
  )
}

export const NotFoundPage = ({ context }: { context: PageContext }) => (
  <Layout title="没有找到" at="" context={context}>
    <Heading zh="没有找到" en="not found" />
  </Layout>
)

export const ForbiddenPage = ({ context }: { context: PageContext }) => (
  <Layout title="没有权限" at="" context={context}>
    <Heading zh="没有权限" en="not allowed" />
    <p>
      仅管理员可以查看此页面 <span class="quiet">this page is for admins</span>
    </p>
  </Layout>
)
