import { raw } from 'hono/html'
import encodeQR from 'qr'
import type { Enrolment } from '../../auth/sign-in/enrolments.ts'
import { Heading, Layout, type PageContext, Time } from '../layout.tsx'
import { ProblemMessage, type SignInProblem, StandalonePage } from './sign-in-pages.tsx'

const CodeField = ({ recovery }: { recovery: boolean }) => (
  <label>
    <span>
      {recovery ? '动态码或恢复码' : '动态码'} <small>{recovery ? 'code, or a recovery code' : 'code'}</small>
    </span>
    <input name="code" autocomplete="one-time-code" autocapitalize="none" maxlength={40} required autofocus />
  </label>
)

/** After the password: the code of the app. */
export const CodePage = ({ problem }: { problem: SignInProblem | null }) => (
  <StandalonePage title="两步验证">
    <form class="signin" method="post" action="/signin/second-factor">
      <Heading zh="两步验证" en="second factor" />
      <p>
        请输入验证器 App 显示的六位动态码 <small>the six digits of your authenticator app</small>
      </p>
      <CodeField recovery={true} />
      <ProblemMessage problem={problem} />
      <button type="submit">继续 go on</button>
      <p class="quiet">
        手机丢了？用恢复码，或请管理员重置 <small>Lost the phone? A recovery code, or an admin's reset</small>
      </p>
    </form>
  </StandalonePage>
)

/** The secret as a QR code and as text, with the field for its first code. */
const EnrolmentFields = ({ enrolment }: { enrolment: Enrolment }) => (
  <>
    <p>
      1. 用验证器 App 扫描 <small>scan with an authenticator app</small>
    </p>
    <div class="qr" role="img" aria-label="两步验证二维码 QR code of the second factor">
      {raw(encodeQR(enrolment.uri, 'svg'))}
    </div>
    <p class="quiet">
      不能扫描时手工输入密钥 <small>or type this key</small>
      <br />
      <code class="key">{enrolment.secret.replace(/.{4}(?=.)/g, '$& ')}</code>
    </p>
    <p>
      2. 输入 App 显示的动态码 <small>type the code that it shows</small>
    </p>
    <input type="hidden" name="sealed" value={enrolment.sealed} />
    <CodeField recovery={false} />
  </>
)

/** After the password of somebody who must set one up. */
export const EnrolPage = ({
  enrolment,
  problem,
}: {
  enrolment: Enrolment
  problem: SignInProblem | null
}) => (
  <StandalonePage title="设置两步验证">
    <form class="signin" method="post" action="/signin/second-factor">
      <Heading zh="设置两步验证" en="set up a second factor" />
      <p>
        这里要求每个人都启用两步验证 <small>Everybody needs a second factor here</small>
      </p>
      <EnrolmentFields enrolment={enrolment} />
      <ProblemMessage problem={problem} />
      <button type="submit">启用 switch on</button>
    </form>
  </StandalonePage>
)

/** Shown this once. */
export const RecoveryCodesPage = ({ codes }: { codes: readonly string[] }) => (
  <StandalonePage title="恢复码">
    <section class="signin">
      <Heading zh="请保存恢复码" en="keep these recovery codes" />
      <p>
        两步验证已启用。手机不在身边时，每个恢复码可以登录一次。它们只显示这一次，请存放在安全的地方。
        <small>
          {' '}
          The second factor is on. Without the phone each of these signs in once. They are shown this once:
          keep them in a safe place.
        </small>
      </p>
      <ul class="codes">
        {codes.map((code) => (
          <li>
            <code>{code}</code>
          </li>
        ))}
      </ul>
      <a class="button" href="/">
        已保存，进入运营台 <small>kept: to the console</small>
      </a>
    </section>
  </StandalonePage>
)

/** The second factor of who is signed in. */
export const SecondFactorPage = (props: {
  since: number | null
  required: boolean
  enrolment: Enrolment | null
  problem: SignInProblem | null
  context: PageContext
}) => (
  <Layout title="两步验证" at="/account/second-factor" context={props.context}>
    <Heading zh="两步验证" en="second factor" />
    {props.since === null && props.enrolment ? (
      <form class="card" method="post" action="/account/second-factor">
        <p>
          启用后，登录时除密码外还要输入验证器 App 的动态码
          <small> With it a sign-in needs the code of an app besides the password</small>
        </p>
        <EnrolmentFields enrolment={props.enrolment} />
        <ProblemMessage problem={props.problem} />
        <button type="submit">启用 switch on</button>
      </form>
    ) : (
      <form class="card" method="post" action="/account/second-factor/remove">
        <p>
          已启用 <small>on since</small>{' '}
          <Time at={props.since === null ? null : new Date(props.since).toISOString()} />
        </p>
        {props.required ? (
          <p class="quiet">
            这里要求每个人都启用；手机更换时请管理员重置
            <small> Everybody needs one here; for another phone an admin resets it</small>
          </p>
        ) : (
          <>
            <CodeField recovery={true} />
            <ProblemMessage problem={props.problem} />
            <button type="submit">停用 switch off</button>
          </>
        )}
      </form>
    )}
  </Layout>
)
