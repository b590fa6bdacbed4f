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

/** Asks for a code after the password. */
export const CodePage = ({ problem }: { problem: SignInProblem | null }) => (
  <StandalonePage title="两步验证">
    <form class="signin" method="post" action="/signin/second-factor">
      <Heading zh="两步验证" en="second factor" />
      <p>
        请输入验证器 App 显示的六位动态码 <small>enter the six digits of your authenticator app</small>
      </p>
      <CodeField recovery={true} />
      <ProblemMessage problem={problem} />
      <button type="submit">继续 continue</button>
      <p class="quiet">
        手机不在身边？请使用恢复码，或联系管理员重置{' '}
        <small>Lost your phone? Use a recovery code, or ask an admin for a reset</small>
      </p>
    </form>
  </StandalonePage>
)

/** The secret as a QR code and as text, with a field for its first code. */
const EnrolmentFields = ({ enrolment }: { enrolment: Enrolment }) => (
  <>
    <p>
      1. 使用验证器 App 扫码 <small>scan with an authenticator app</small>
    </p>
    <div class="qr" role="img" aria-label="两步验证二维码 QR code of the second factor">
      {raw(encodeQR(enrolment.uri, 'svg'))}
    </div>
    <p class="quiet">
      无法扫码？请手动输入密钥 <small>or enter this key</small>
      <br />
      <code class="key">{enrolment.secret.replace(/.{4}(?=.)/g, '$& ')}</code>
    </p>
    <p>
      2. 输入 App 显示的动态码 <small>enter the code that it shows</small>
    </p>
    <input type="hidden" name="sealed" value={enrolment.sealed} />
    <CodeField recovery={false} />
  </>
)

/** Sets up a second factor after the password, if it is required. */
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
        所有用户都必须启用两步验证 <small>All users need a second factor</small>
      </p>
      <EnrolmentFields enrolment={enrolment} />
      <ProblemMessage problem={problem} />
      <button type="submit">启用 enable</button>
    </form>
  </StandalonePage>
)

/** Shows new recovery codes, once. */
export const RecoveryCodesPage = ({ codes }: { codes: readonly string[] }) => (
  <StandalonePage title="恢复码">
    <section class="signin">
      <Heading zh="请保存恢复码" en="save these recovery codes" />
      <p>
        两步验证已启用。手机不在身边时，可以使用恢复码登录，每个只能使用一次。恢复码只显示这一次，请妥善保存。
        <small>
          {' '}
          The second factor is enabled. Without your phone, sign in with a recovery code; each works once.
          They are not shown again: keep them in a safe place.
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
        已保存，进入运营台 <small>saved, go to the console</small>
      </a>
    </section>
  </StandalonePage>
)

/** The second factor of the signed-in user. */
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
          启用后，登录时除密码外还需输入验证器 App 的动态码
          <small> After that, a sign-in needs a code of the app and the password</small>
        </p>
        <EnrolmentFields enrolment={props.enrolment} />
        <ProblemMessage problem={props.problem} />
        <button type="submit">启用 enable</button>
      </form>
    ) : (
      <form class="card" method="post" action="/account/second-factor/remove">
        <p>
          已启用 <small>enabled since</small>{' '}
          <Time at={props.since === null ? null : new Date(props.since).toISOString()} />
        </p>
        {props.required ? (
          <p class="quiet">
            所有用户都必须启用。更换手机时，请联系管理员重置
            <small> All users need one. For a new phone, ask an admin for a reset</small>
          </p>
        ) : (
          <>
            <CodeField recovery={true} />
            <ProblemMessage problem={props.problem} />
            <button type="submit">停用 disable</button>
          </>
        )}
      </form>
    )}
  </Layout>
)
