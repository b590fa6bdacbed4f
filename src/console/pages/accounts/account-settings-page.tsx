import type { Child } from 'hono/jsx'
import { RULES } from '../../../wechat/rules/rules.ts'
import { SETTINGS_FORMS, type SettingsFormName } from '../../accounts/settings-forms.ts'
import { markOf } from '../../both-versions.ts'
import {
  CheckField,
  FormProblem,
  type FormState,
  SelectField,
  TextArea,
  TextField,
} from '../../components/forms.tsx'
import { accountPath } from '../../paths.ts'
import { Page } from '../../shell/page.tsx'
import { SETTINGS_TEXTS } from '../../texts/account-settings-texts.ts'
import { useMay, useText } from '../../view.ts'
import { AccountHead, AccountTabs, type AccountView } from './account-parts.tsx'
import { ForwardFields, SecretFields } from './secret-fields.tsx'

/** What was typed into a form that was refused. The other forms show what is stored. */
export type Refused = { form: SettingsFormName; state: FormState } | null

interface FieldsProps {
  account: AccountView
  /** Its values are what is stored, or what was typed into a form that was refused. */
  state: FormState
}

export const AccountSettingsPage = ({ account, refused }: { account: AccountView; refused: Refused }) => {
  const texts = useText(SETTINGS_TEXTS)
  const path = `${accountPath(account.appId)}/settings`
  const forms: [SettingsFormName, string, (props: FieldsProps) => Child][] = [
    ['general', texts.general, GeneralFields],
    ['limits', texts.limits, LimitFields],
    ['optOut', texts.optOut, OptOutFields],
    ['variables', texts.variables, VariableFields],
    ['secrets', texts.secrets, SecretFields],
    ['texts', texts.keepTexts, KeptTextFields],
    ['forward', texts.forward, ForwardFields],
    ['sending', texts.sending, SendingFields],
  ]
  return (
    <Page title={account.name} at="/accounts" scripts={['accounts']}>
      <AccountHead account={account} />
      <AccountTabs account={account} at={path} />
      {useMay('operator') ? null : <p class="quiet row">{texts.readOnly}</p>}
      <div class="settings">
        {forms.map(([form, title, Fields]) => {
          const values = SETTINGS_FORMS[form].stored(account)
          const state = refused?.form === form ? refused.state : { values, problems: {} }
          return (
            <SettingsCard {...{ form, title, path, state }} mark={markOf(values)}>
              <Fields account={account} state={state} />
            </SettingsCard>
          )
        })}
      </div>
    </Page>
  )
}

/** One form. Who may not save it sees its fields, but cannot change them. */
const SettingsCard = (props: {
  form: SettingsFormName
  title: string
  path: string
  /** Of the settings that the form shows. */
  mark: string
  state: FormState
  children?: Child
}) => {
  const { form, title, state } = props
  const texts = useText(SETTINGS_TEXTS)
  const may = useMay(SETTINGS_FORMS[form].role)
  return (
    <form class="card" method="post" action={`${props.path}/${form}`} id={form} aria-labelledby={`t-${form}`}>
      <h2 id={`t-${form}`}>{title}</h2>
      <FormProblem state={state} />
      <input type="hidden" name="seen" value={props.mark} />
      <fieldset disabled={!may} aria-labelledby={`t-${form}`}>
        {props.children}
      </fieldset>
      {may ? (
        <button type="submit" class="main">
          {texts.save}
        </button>
      ) : null}
    </form>
  )
}

const GeneralFields = ({ state }: FieldsProps) => {
  const texts = useText(SETTINGS_TEXTS)
  return (
    <>
      <TextField name="name" label={texts.name} state={state} maxlength={100} required />
      <TextField name="timezone" label={texts.timezone} hint={texts.timezoneHint} state={state} required />
      <CheckField name="humanAgents" label={texts.humanAgents} hint={texts.humanAgentsHint} state={state} />
    </>
  )
}

const LimitFields = ({ state }: FieldsProps) => {
  const texts = useText(SETTINGS_TEXTS)
  const units = Object.entries(texts.units).map(([value, label]) => ({ value, label }))
  return (
    <>
      <p class="quiet">{texts.limitsHint}</p>
      <div class="pair">
        <TextField name="quietFrom" label={texts.quietFrom} state={state} type="time" />
        <TextField name="quietTo" label={texts.quietTo} state={state} type="time" />
      </div>
      <p class="quiet row">{texts.quietHint}</p>
      <TextField name="capCount" label={texts.capCount} hint={texts.capHint} state={state} type="number" />
      <div class="pair">
        <TextField name="capNumber" label={texts.capNumber} state={state} type="number" />
        <SelectField name="capUnit" label={texts.capUnit} state={state} options={units} required />
      </div>
    </>
  )
}

const OptOutFields = ({ account, state }: FieldsProps) => {
  const texts = useText(SETTINGS_TEXTS)
  const { optOut } = account
  const reply = (name: 'optOutReply' | 'resumeReply', before: { text?: unknown } | undefined) =>
    before !== undefined && typeof before.text !== 'string' ? (
      <p class="quiet row">{texts.otherReply}</p>
    ) : (
      <TextArea name={name} label={texts[name]} state={state} rows={2} />
    )
  return (
    <>
      <p class="quiet row">{texts.optOutHint}</p>
      <TextArea name="keywords" label={texts.keywords} hint={texts.keywordsNone} state={state} rows={3} />
      {reply('optOutReply', optOut?.reply)}
      <TextArea name="resumeWords" label={texts.resumeWords} hint={texts.resumeHint} state={state} rows={2} />
      {reply('resumeReply', optOut?.resumeReply)}
    </>
  )
}

const VariableFields = ({ state }: FieldsProps) => {
  const texts = useText(SETTINGS_TEXTS)
  return (
    <TextArea
      name="variables"
      label={texts.variables}
      hint={texts.variablesHint}
      state={state}
      rows={4}
      code
    />
  )
}

const KeptTextFields = ({ state }: FieldsProps) => {
  const texts = useText(SETTINGS_TEXTS)
  return (
    <>
      <p class="quiet row">{texts.keepTextsHint}</p>
      <TextField
        name="keepDays"
        label={texts.keepDays}
        hint={texts.keepDaysHint}
        state={state}
        type="number"
      />
    </>
  )
}

const SendingFields = ({ state }: FieldsProps) => {
  const texts = useText(SETTINGS_TEXTS)
  const rules = Object.keys(RULES).map((value) => ({ value, label: value }))
  const outcomes = Object.entries(texts.onUnknownValues).map(([value, label]) => ({ value, label }))
  return (
    <>
      <SelectField
        name="onUnknown"
        label={texts.onUnknown}
        hint={texts.onUnknownHint}
        state={state}
        options={outcomes}
        required
      />
      <SelectField
        name="rules"
        label={texts.rules}
        hint={texts.rulesHint}
        state={state}
        options={rules}
        required
      />
      <TextField name="apiBase" label={texts.apiBase} hint={texts.apiBaseHint} state={state} />
    </>
  )
}
