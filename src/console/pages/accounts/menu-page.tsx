import { timeInBeijing } from '../../../shared/beijing-time.ts'
import { BUTTON_KINDS, FIRST_LEVEL, fieldName, SECOND_LEVEL } from '../../accounts/menu-form.ts'
import { Data } from '../../components/basics.tsx'
import {
  ActionButton,
  FormDialog,
  FormProblem,
  type FormState,
  OpensDialog,
  SelectField,
  TextField,
} from '../../components/forms.tsx'
import { Icon } from '../../design/icons.tsx'
import { accountPath } from '../../paths.ts'
import { Page } from '../../shell/page.tsx'
import { MENU_TEXTS } from '../../texts/menu-texts.ts'
import { useText } from '../../view.ts'
import { AccountHead, AccountTabs, type AccountView } from './account-parts.tsx'

/** Where the menu of the form is from. */
export type MenuSource =
  | { from: 'api' | 'console' | 'none' | 'typed' }
  | { from: 'saved'; at: number }
  | { from: 'unreadable'; message: string }

interface EditorProps {
  /** Marks the menu that the reader sees. */
  mark: string
  account: AccountView
  state: FormState
  source: MenuSource
}

export const MenuPage = (props: EditorProps) => {
  const { account, state } = props
  const texts = useText(MENU_TEXTS)
  const path = `${accountPath(account.appId)}/menu`
  const first = Array.from({ length: FIRST_LEVEL }, (_, i) => i)
  return (
    <Page title={account.name} at="/accounts" scripts={['accounts']}>
      <AccountHead account={account} />
      <AccountTabs account={account} at={path} />
      <SourceNote source={props.source} />
      <FormProblem state={state} />
      <div class="columns menu-editor">
        <form id="menu-form" method="post" action={path}>
          <input type="hidden" name="seen" value={props.mark} />
          <p class="quiet row">{texts.intro}</p>
          {first.map((i) => (
            <ButtonCard i={i} state={state} />
          ))}
          <p class="quiet">{texts.published}</p>
          <p class="card-actions">
            <button type="submit" class="main">
              <Icon name="upload" />
              {texts.publish}
            </button>
          </p>
        </form>
        <div>
          <Preview account={account} state={state} />
          <div class="row">
            <a class="button" href={path}>
              <Icon name="refresh-cw" />
              {texts.read}
            </a>
            <ActionButton action={`${path}/save`} label={texts.save} icon="archive" />
            <OpensDialog dialog="remove-menu" label={texts.remove} icon="trash" tone="danger" />
          </div>
        </div>
      </div>
      <FormDialog
        id="remove-menu"
        title={texts.removeTitle}
        action={`${path}/remove`}
        submit={texts.remove}
        tone="danger"
      >
        <p>{texts.removeHint}</p>
      </FormDialog>
    </Page>
  )
}

const SourceNote = ({ source }: { source: MenuSource }) => {
  const texts = useText(MENU_TEXTS)
  if (source.from === 'api' || source.from === 'typed') return null
  if (source.from === 'unreadable')
    return (
      <p class="note red" role="alert">
        <Icon name="circle-alert" />
        <span>
          {texts.unreadable} <Data>{source.message}</Data>
        </span>
      </p>
    )
  const text =
    source.from === 'console'
      ? texts.fromConsole
      : source.from === 'saved'
        ? texts.fromSaved(timeInBeijing(source.at))
        : texts.none
  return (
    <p class="note amber">
      <Icon name="info" />
      <span>{text}</span>
    </p>
  )
}

const ButtonCard = ({ i, state }: { i: number; state: FormState }) => {
  const texts = useText(MENU_TEXTS)
  const places = Array.from({ length: SECOND_LEVEL }, (_, j) => `${i}-${j}`)
  const used = places.filter((place) => isUsed(place, state))
  return (
    <fieldset class="card">
      <legend class="menu-legend">{texts.button(i + 1)}</legend>
      <ButtonFields place={String(i)} state={state} hint={texts.nameHint} />
      <details open={used.length > 0}>
        <summary>
          {texts.subs} <span class="quiet">{`${used.length} / ${SECOND_LEVEL}`}</span>
        </summary>
        {places.map((place, j) => (
          <fieldset class="sub-button">
            <legend>{texts.sub(j + 1)}</legend>
            <ButtonFields place={place} state={state} hint={texts.subNameHint} />
          </fieldset>
        ))}
      </details>
    </fieldset>
  )
}

const isUsed = (place: string, { values, problems }: FormState): boolean =>
  (['name', 'value', 'kind'] as const).some(
    (part) =>
      problems[fieldName(part, place)] !== undefined ||
      (part !== 'kind' && (values[fieldName(part, place)] ?? '') !== ''),
  )

/** The fields of a button. The script of the page shows those of its kind only. */
const ButtonFields = ({ place, state, hint }: { place: string; state: FormState; hint: string }) => {
  const texts = useText(MENU_TEXTS)
  const other = state.values[fieldName('other', place)] ?? ''
  const kind = state.values[fieldName('kind', place)] ?? 'click'
  const kinds = [...BUTTON_KINDS, ...(other === '' ? [] : (['other'] as const))]
  return (
    <div data-menu-place={place}>
      <div class="pair top">
        <TextField name={fieldName('name', place)} label={texts.name} hint={hint} state={state} />
        <SelectField
          name={fieldName('kind', place)}
          label={texts.kind}
          hint={kind === 'other' ? <code translate="no">{typeOf(other)}</code> : undefined}
          state={state}
          value="click"
          options={kinds.map((value) => ({ value, label: texts.kinds[value] }))}
          required
        />
      </div>
      <div data-for-kind="click view miniprogram">
        <TextField
          name={fieldName('value', place)}
          label={texts.value}
          hint={texts.valueHint}
          state={state}
        />
      </div>
      <div class="pair" data-for-kind="miniprogram">
        <TextField name={fieldName('appid', place)} label={texts.appid} state={state} />
        <TextField name={fieldName('page', place)} label={texts.page} state={state} />
      </div>
      {other === '' ? null : <input type="hidden" name={fieldName('other', place)} value={other} />}
    </div>
  )
}

/** The kind of a button that the form does not edit, as WeChat calls it. */
function typeOf(other: string): string {
  try {
    const { type } = JSON.parse(other) as { type?: unknown }
    return String(type ?? '')
  } catch {
    return ''
  }
}

/** The menu as a phone shows it. The script of the page keeps it up to date. */
const Preview = ({ account, state }: { account: AccountView; state: FormState }) => {
  const texts = useText(MENU_TEXTS)
  const nameAt = (place: string) => state.values[fieldName('name', place)] ?? ''
  const first = Array.from({ length: FIRST_LEVEL }, (_, i) => String(i))
  return (
    <section class="card">
      <h2>{texts.preview}</h2>
      <div class="menu-phone" role="img" aria-label={texts.previewLabel}>
        <p translate="no">{account.name}</p>
        <div class="menu-bar">
          {first.map((i) => (
            <div class="menu-column">
              <ul>
                {Array.from({ length: SECOND_LEVEL }, (_, j) => `${i}-${j}`).map((place) => (
                  <li data-preview={place} hidden={nameAt(place) === ''} translate="no">
                    {nameAt(place)}
                  </li>
                ))}
              </ul>
              <b data-preview={i} hidden={nameAt(i) === ''} translate="no">
                {nameAt(i)}
              </b>
            </div>
          ))}
        </div>
      </div>
    </section>
  )
}
