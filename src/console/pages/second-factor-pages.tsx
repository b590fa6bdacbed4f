import { raw } from 'hono/html'
import type { Child } from 'hono/jsx'
import encodeQR from 'qr'
import type { Enrolment } from '../../auth/sign-in/enrolments.ts'
import { Time } from '../components/basics.tsx'
import { Page, StandalonePage } from '../shell/page.tsx'
import { SECOND_FACTOR_TEXTS } from '../texts/sign-in-texts.ts'
import { useText } from '../view.ts'
import { ProblemMessage, type SignInProblem } from './sign-in-pages.tsx'

const CodeField = ({ recovery }: { recovery: boolean }) => {
  const texts = useText(SECOND_FACTOR_TEXTS)
  return (
    <label>
      <span>{recovery ? texts.codeOrRecovery : texts.code}</span>
      <input
        name="code"
        autocomplete="one-time-code"
        autocapitalize="none"
        maxlength={40}
        required
        autofocus
      />
    </label>
  )
}

/** Asks for a code after the password. */
export const CodePage = ({ problem }: { problem: SignInProblem | null }) => {
  const texts = useText(SECOND_FACTOR_TEXTS)
  return (
    <StandalonePage title={texts.title}>
      <form class="card narrow" method="post" action="/signin/second-factor">
        <h1>{texts.title}</h1>
        <p>{texts.enterCode}</p>
        <CodeField recovery={true} />
        <ProblemMessage problem={problem} />
        <button class="main" type="submit">
          {texts.goOn}
        </button>
        <p class="quiet">{texts.lostPhone}</p>
      </form>
    </StandalonePage>
  )
}

/** A form with the secret as a QR code and as text, and a field for its first code. */
const EnrolmentForm = (props: {
  action: string
  enrolment: Enrolment
  problem: SignInProblem | null
  children?: Child
}) => {
  const { enrolment } = props
  const texts = useText(SECOND_FACTOR_TEXTS)
  return (
    <form class="card narrow" method="post" action={props.action}>
      {props.children}
      <p>{texts.scan}</p>
      <div class="qr" role="img" aria-label={texts.qrCode}>
        {raw(encodeQR(enrolment.uri, 'svg'))}
      </div>
      <p class="quiet">
        {texts.orEnterKey}
        <br />
        <code translate="no" class="key">
          {enrolment.secret.replace(/.{4}(?=.)/g, '$& ')}
        </code>
      </p>
      <p>{texts.enterShown}</p>
      <input type="hidden" name="sealed" value={enrolment.sealed} />
      <CodeField recovery={false} />
      <ProblemMessage problem={props.problem} />
      <button class="main" type="submit">
        {texts.enable}
      </button>
    </form>
  )
}

/** Sets up a second factor after the password, if it is required. */
export const EnrolPage = (props: { enrolment: Enrolment; problem: SignInProblem | null }) => {
  const texts = useText(SECOND_FACTOR_TEXTS)
  return (
    <StandalonePage title={texts.setUp}>
      <EnrolmentForm action="/signin/second-factor" enrolment={props.enrolment} problem={props.problem}>
        <h1>{texts.setUp}</h1>
        <p>{texts.everybody}</p>
      </EnrolmentForm>
    </StandalonePage>
  )
}

/** Shows new recovery codes, once. */
export const RecoveryCodesPage = ({ codes }: { codes: readonly string[] }) => {
  const texts = useText(SECOND_FACTOR_TEXTS)
  return (
    <StandalonePage title={texts.saveCodes}>
      <section class="card narrow">
        <h1>{texts.saveCodes}</h1>
        <p>{texts.codesExplained}</p>
        <ul class="codes" translate="no">
          {codes.map((code) => (
            <li>
              <code>{code}</code>
            </li>
          ))}
        </ul>
        <a class="button main" href="/">
          {texts.saved}
        </a>
      </section>
    </StandalonePage>
  )
}

/** The second factor of the signed-in user. */
export const SecondFactorPage = (props: {
  since: number | null
  required: boolean
  enrolment: Enrolment | null
  problem: SignInProblem | null
}) => {
  const texts = useText(SECOND_FACTOR_TEXTS)
  return (
    <Page title={texts.title} at="/account/second-factor">
      {props.since === null && props.enrolment ? (
        <EnrolmentForm action="/account/second-factor" enrolment={props.enrolment} problem={props.problem}>
          <p>{texts.afterEnabling}</p>
        </EnrolmentForm>
      ) : (
        <form class="card narrow" method="post" action="/account/second-factor/remove">
          <p>
            {texts.enabledSince}{' '}
            {props.since === null ? null : <Time at={new Date(props.since).toISOString()} />}
          </p>
          {props.required ? (
            <p class="quiet">{texts.required}</p>
          ) : (
            <>
              <CodeField recovery={true} />
              <ProblemMessage problem={props.problem} />
              <button type="submit">{texts.disable}</button>
            </>
          )}
        </form>
      )}
    </Page>
  )
}
