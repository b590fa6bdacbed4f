import { StandalonePage } from '../shell/page.tsx'
import { SHELL_TEXTS } from '../texts/shell-texts.ts'
import { SIGN_IN_TEXTS } from '../texts/sign-in-texts.ts'
import { useText } from '../view.ts'

/** Why the last attempt failed. */
export type SignInProblem =
  | { kind: 'token' }
  | { kind: 'password' }
  | { kind: 'code' }
  /** The page had expired, so it has another QR code now. */
  | { kind: 'new-secret' }
  | { kind: 'over' }
  | { kind: 'wait'; seconds: number }

/** @param name that was typed */
export const SignInPage = ({ problem, name = '' }: { problem: SignInProblem | null; name?: string }) => {
  const texts = useText(SIGN_IN_TEXTS)
  return (
    <StandalonePage title={texts.signIn}>
      <form class="card narrow" method="post" action="/signin">
        <h1>{useText(SHELL_TEXTS).product}</h1>
        <label>
          <span>{texts.name}</span>
          <input name="name" value={name} autocomplete="username" autocapitalize="none" maxlength={64} />
        </label>
        <label>
          <span>{texts.password}</span>
          <input name="password" type="password" autocomplete="current-password" maxlength={200} />
        </label>
        <p class="or">
          <span>{texts.or}</span>
        </p>
        <label>
          <span>{texts.adminToken}</span>
          <input name="token" type="password" autocomplete="off" />
        </label>
        <ProblemMessage problem={problem} />
        <button class="main" type="submit">
          {texts.signIn}
        </button>
      </form>
    </StandalonePage>
  )
}

/** Asks for confirmation if another site or a prefetch opened a link with a token. */
export const SignInByLinkPage = ({ token }: { token: string }) => {
  const texts = useText(SIGN_IN_TEXTS)
  return (
    <StandalonePage title={texts.signIn}>
      <form class="card narrow" method="post" action="/signin">
        <h1>{useText(SHELL_TEXTS).product}</h1>
        <p>{texts.byLink}</p>
        <input type="hidden" name="token" value={token} />
        <button class="main" type="submit">
          {texts.signIn}
        </button>
      </form>
    </StandalonePage>
  )
}

export const ProblemMessage = ({ problem }: { problem: SignInProblem | null }) => {
  const texts = useText(SIGN_IN_TEXTS).problem
  if (!problem) return null
  return (
    <p class="bad" role="alert">
      {problem.kind === 'wait' ? texts.wait(problem.seconds) : texts[problem.kind]}
    </p>
  )
}
