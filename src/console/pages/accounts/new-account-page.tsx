import { raw } from 'hono/html'
import encodeQR from 'qr'
import { CopyRow, FormProblem, type FormState, TextField } from '../../components/forms.tsx'
import { Icon } from '../../design/icons.tsx'
import { Page } from '../../shell/page.tsx'
import { SETTINGS_TEXTS } from '../../texts/account-settings-texts.ts'
import { CONNECT_TEXTS } from '../../texts/connect-texts.ts'
import { useText } from '../../view.ts'
import { CallbackSecretFields } from './secret-fields.tsx'

/** Where one is on the way to the first message. */
export const ConnectSteps = ({ at }: { at: number }) => {
  const texts = useText(CONNECT_TEXTS)
  return (
    <ol class="steps" aria-label={texts.progress}>
      {texts.steps.map((step, i) => (
        <li
          class={i < at ? 'done' : i === at ? 'now' : undefined}
          aria-current={i === at ? 'step' : undefined}
        >
          <span aria-hidden="true">{i < at ? <Icon name="check" /> : i + 1}</span>
          {step}
          {i < at ? <span class="off-screen">{texts.done}</span> : null}
        </li>
      ))}
    </ol>
  )
}

/** The first step: by the secrets of the account, or by its admin's authorisation of the third-party platform. */
export const NewAccountPage = (props: { state: FormState; authorisationUrl: string | null }) => {
  const texts = useText(CONNECT_TEXTS)
  return (
    <Page title={texts.title} at="/accounts" scripts={['accounts']}>
      <ConnectSteps at={0} />
      <div class="columns wide-first">
        <AccountForm state={props.state} />
        <div>
          {props.authorisationUrl === null ? null : <Authorisation url={props.authorisationUrl} />}
          <p class="note plain">
            <Icon name="info" />
            <span>{texts.testAccount}</span>
          </p>
        </div>
      </div>
    </Page>
  )
}

const AccountForm = ({ state }: { state: FormState }) => {
  const texts = useText(CONNECT_TEXTS)
  const fields = useText(SETTINGS_TEXTS)
  return (
    <form class="card" method="post" action="/accounts/new">
      <h2>{texts.form}</h2>
      <p class="quiet row">{texts.formHint}</p>
      <FormProblem state={state} />
      <TextField name="appId" label="AppID" hint={texts.appIdHint} state={state} maxlength={64} required />
      <TextField name="name" label={texts.name} hint={texts.nameHint} state={state} maxlength={100} />
      <TextField
        name="appSecret"
        label={fields.appSecret}
        hint={texts.appSecretHint}
        state={state}
        required
      />
      <CallbackSecretFields state={state} required />
      <button type="submit" class="main">
        {texts.add}
      </button>
    </form>
  )
}

const Authorisation = ({ url }: { url: string }) => {
  const texts = useText(CONNECT_TEXTS)
  const link = `${url}?device=phone`
  return (
    <section class="card">
      <h2>{texts.byAuthorisation}</h2>
      <p class="quiet row">{texts.byAuthorisationHint}</p>
      <div class="qr" role="img" aria-label={texts.qrCode}>
        {raw(encodeQR(link, 'svg'))}
      </div>
      <CopyRow label={texts.copyLink} text={link} />
      <p class="card-actions">
        <a class="button" href={url} referrerpolicy="origin">
          <Icon name="external-link" />
          {texts.openPage}
        </a>
      </p>
    </section>
  )
}
