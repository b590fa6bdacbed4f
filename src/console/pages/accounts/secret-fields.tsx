import { CheckField, type FormState, SelectField, TextField } from '../../components/forms.tsx'
import { Icon } from '../../design/icons.tsx'
import { SETTINGS_TEXTS } from '../../texts/account-settings-texts.ts'
import { ACCOUNT_TEXTS } from '../../texts/account-texts.ts'
import { useText } from '../../view.ts'
import type { AccountView } from './account-parts.tsx'

/** The modes of WeChat's encryption, as options. */
function useModes() {
  const { modes } = useText(ACCOUNT_TEXTS)
  return ['security', 'compatible', 'plain'].map((value) => ({ value, label: modes[value] ?? value }))
}

/** A button that fills a field with a new secret of this browser. The server does not choose it. */
const Generate = ({ field, kind }: { field: string; kind: 'token' | 'aes-key' }) => {
  const texts = useText(SETTINGS_TEXTS)
  return (
    <button
      type="button"
      class="generate"
      data-generate={kind}
      data-into={`f-${field}`}
      data-said={texts.generated}
    >
      <Icon name="dices" />
      {texts.generate}
    </button>
  )
}

/** Token, EncodingAESKey and mode: what is entered here and at WeChat alike. */
export const CallbackSecretFields = ({ state, required }: { state: FormState; required: boolean }) => {
  const texts = useText(SETTINGS_TEXTS)
  return (
    <>
      <div class="with-button">
        <TextField name="token" label={texts.token} state={state} required={required} />
        <Generate field="token" kind="token" />
      </div>
      <div class="with-button">
        <TextField name="encodingAesKey" label={texts.encodingAesKey} state={state} />
        <Generate field="encodingAesKey" kind="aes-key" />
      </div>
      <SelectField name="mode" label={texts.mode} state={state} options={useModes()} required />
    </>
  )
}

export const SecretFields = ({ account, state }: { account: AccountView; state: FormState }) => {
  const texts = useText(SETTINGS_TEXTS)
  if (account.kind === 'authorised') return <p class="quiet">{texts.authorisedHint}</p>
  return (
    <>
      <p class="quiet row">{texts.secretsHint}</p>
      <TextField name="appSecret" label={texts.appSecret} state={state} />
      <CallbackSecretFields state={state} required={false} />
    </>
  )
}

export const ForwardFields = ({ state }: { state: FormState }) => {
  const texts = useText(SETTINGS_TEXTS)
  return (
    <>
      <p class="quiet row">{texts.forwardHint}</p>
      <TextField name="forwardUrl" label={texts.forwardUrl} state={state} />
      <TextField name="forwardToken" label={texts.forwardToken} hint={texts.forwardTokenHint} state={state} />
      <SelectField name="forwardMode" label={texts.forwardMode} state={state} options={useModes()} required />
      <TextField name="forwardAesKey" label={texts.forwardAesKey} state={state} />
      <CheckField name="useReply" label={texts.useReply} hint={texts.useReplyHint} state={state} />
    </>
  )
}
