import type { Child } from 'hono/jsx'
import type { ApiIssue } from '../../api/api-error.ts'
import { Icon, type IconName } from '../design/icons.tsx'
import { FORM_TEXTS } from '../texts/form-texts.ts'
import { useText } from '../view.ts'

/** What was typed, and what is wrong with it. A form that was never sent has neither. */
export interface FormState {
  /** By the name of the field. */
  values: Readonly<Record<string, string>>
  /** Messages in the reader's language, by the name of the field; '' is about the whole form. */
  problems: Readonly<Record<string, string>>
}
export const NEW_FORM: FormState = { values: {}, problems: {} }

/**
 * The problems of a refused call by the field of the form. A problem with no field of its own stands above the form.
 * @param fields names of the form's fields
 * @param fieldOf the field of a path in the body of the call; default: the path itself, or its first part
 */
export function problemsOf(
  error: { message: string; issues?: readonly (ApiIssue & { place?: string })[] },
  fields: readonly string[],
  say: (message: string) => string = (message) => message,
  fieldOf: (path: string) => string = (path) =>
    fields.includes(path) ? path : (path.split('.', 1)[0] ?? ''),
): FormState['problems'] {
  const issues = error.issues ?? []
  if (issues.length === 0) return { '': say(error.message) }
  const problems: Record<string, string> = {}
  for (const { path, place = path, message } of issues) {
    const field = fields.includes(fieldOf(path)) ? fieldOf(path) : ''
    const said = say(message)
    const colon = /[\u4e00-\u9fff]/.test(said) ? '：' : ': '
    const text = field === '' && path !== '' ? `${place}${colon}${said}` : said
    problems[field] = problems[field] === undefined ? text : `${problems[field]} ${text}`
  }
  return problems
}

/** Above a form: what is wrong with all of it. */
export const FormProblem = ({ state }: { state: FormState }) => {
  const texts = useText(FORM_TEXTS)
  const count = Object.keys(state.problems).length
  if (count === 0) return null
  return (
    <p class="note red" role="alert">
      <Icon name="circle-alert" />
      <span>{state.problems[''] ?? texts.refused}</span>
    </p>
  )
}

interface FieldProps {
  name: string
  label: string
  state: FormState
  /** Below the label. */
  hint?: Child
  required?: boolean
}

/** A label, a control, a hint, and what is wrong with what was typed. */
const Labelled = (props: FieldProps & { control: Child }) => {
  const { name, state } = props
  const texts = useText(FORM_TEXTS)
  const problem = state.problems[name]
  return (
    <div class={problem === undefined ? 'field' : 'field wrong'}>
      <label for={`f-${name}`}>
        {props.label}
        {props.required ? null : <span class="quiet">{texts.optional}</span>}
      </label>
      {props.hint === undefined ? null : (
        <p class="hint" id={`h-${name}`}>
          {props.hint}
        </p>
      )}
      {props.control}
      <FieldProblem name={name} problem={problem} />
    </div>
  )
}

const FieldProblem = ({ name, problem }: { name: string; problem: string | undefined }) =>
  problem === undefined ? null : (
    <p class="problem" id={`p-${name}`}>
      <Icon name="circle-alert" />
      <span>{problem}</span>
    </p>
  )

const control = ({ name, state, hint, required }: FieldProps) => {
  const isWrong = state.problems[name] !== undefined
  const described = [hint === undefined ? '' : `h-${name}`, isWrong ? `p-${name}` : '']
    .filter(Boolean)
    .join(' ')
  return {
    id: `f-${name}`,
    name,
    required,
    'aria-invalid': isWrong ? ('true' as const) : undefined,
    'aria-describedby': described || undefined,
  }
}

/** A line of text. `value` is shown until somebody has typed. */
export const TextField = (
  props: FieldProps & {
    value?: string
    type?: 'text' | 'password' | 'url' | 'number' | 'time' | 'date' | 'datetime-local' | 'search'
    placeholder?: string
    maxlength?: number
    autocomplete?: string
  },
) => (
  <Labelled
    {...props}
    control={
      <input
        {...control(props)}
        type={props.type ?? 'text'}
        value={props.type === 'password' ? '' : (props.state.values[props.name] ?? props.value ?? '')}
        placeholder={props.placeholder}
        maxlength={props.maxlength}
        autocomplete={props.autocomplete ?? 'off'}
      />
    }
  />
)

/** Several lines of text. */
export const TextArea = (props: FieldProps & { value?: string; rows?: number; code?: boolean }) => (
  <Labelled
    {...props}
    control={
      <textarea
        {...control(props)}
        rows={props.rows ?? 4}
        class={props.code ? 'code' : undefined}
        spellcheck={props.code ? false : undefined}
      >
        {props.state.values[props.name] ?? props.value ?? ''}
      </textarea>
    }
  />
)

export interface Option {
  value: string
  label: string
  /** The label is a name or an id, which nobody translates. */
  isData?: boolean
}

/** One of some values. */
export const SelectField = (
  props: FieldProps & {
    options: readonly Option[]
    value?: string
    /** The labels are names, which are not translated. */
    named?: boolean
  },
) => {
  const chosen = props.state.values[props.name] ?? props.value ?? ''
  // A browser takes '' for no answer, and would not send the form.
  const required = props.required && !props.options.some(({ value }) => value === '')
  return (
    <Labelled
      {...props}
      control={
        <select {...control({ ...props, required })}>
          {props.options.map(({ value, label, isData = props.named }) => (
            <option value={value} selected={value === chosen} translate={isData ? 'no' : undefined}>
              {label}
            </option>
          ))}
        </select>
      }
    />
  )
}

/** Yes or no. A box that is not ticked sends nothing. */
export const CheckField = (props: FieldProps & { checked?: boolean; value?: string }) => {
  const value = props.value ?? 'yes'
  const sent = props.state.values[props.name]
  const wasSent = Object.keys(props.state.values).length > 0
  return (
    <div class="field check">
      <label>
        <input
          {...control(props)}
          type="checkbox"
          value={value}
          checked={wasSent ? sent === value : (props.checked ?? false)}
        />
        <span>{props.label}</span>
      </label>
      {props.hint === undefined ? null : (
        <p class="hint" id={`h-${props.name}`}>
          {props.hint}
        </p>
      )}
      <FieldProblem name={props.name} problem={props.state.problems[props.name]} />
    </div>
  )
}

/** A button that opens a dialog of this page. */
export const OpensDialog = (props: {
  dialog: string
  label: string
  icon?: IconName
  tone?: 'main' | 'danger'
}) => (
  <button type="button" class={props.tone} data-opens={props.dialog} aria-haspopup="dialog">
    {props.icon === undefined ? null : <Icon name={props.icon} />}
    {props.label}
  </button>
)

/**
 * A dialog with a form. Its button repeats the verb, never "OK". The first field, or the way out of a dangerous change, gets
 * the focus.
 */
export const FormDialog = (props: {
  id: string
  title: string
  action: string
  submit: string
  tone?: 'main' | 'danger'
  /** Opens with the page: the form was refused. */
  open?: boolean
  /** For files. */
  multipart?: boolean
  children?: Child
}) => {
  const texts = useText(FORM_TEXTS)
  const { tone = 'main' } = props
  return (
    <dialog id={props.id} aria-labelledby={`${props.id}-title`} data-open={props.open ? '' : undefined}>
      <form method="post" action={props.action} enctype={props.multipart ? 'multipart/form-data' : undefined}>
        <h2 id={`${props.id}-title`}>{props.title}</h2>
        {props.children}
        <div class="dialog-actions">
          <button type="button" data-closes autofocus={tone === 'danger'}>
            {texts.cancel}
          </button>
          <button type="submit" class={tone}>
            {props.submit}
          </button>
        </div>
      </form>
    </dialog>
  )
}

/** A button whose change is asked once more, with what it means. */
export const ConfirmedAction = (props: {
  /** Of the dialog. */
  id: string
  label: string
  title: string
  hint: string
  action: string
  icon?: IconName
  /** Of the button. The one in the dialog is always dangerous. */
  tone?: 'danger'
}) => (
  <>
    <OpensDialog dialog={props.id} label={props.label} icon={props.icon} tone={props.tone} />
    <FormDialog id={props.id} title={props.title} action={props.action} submit={props.label} tone="danger">
      <p>{props.hint}</p>
    </FormDialog>
  </>
)

/** A button that changes something at once. */
export const ActionButton = (props: {
  action: string
  label: string
  icon?: IconName
  tone?: 'main' | 'danger'
  /** Sent with the form. */
  fields?: Record<string, string>
}) => (
  <form method="post" action={props.action} class="inline">
    {Object.entries(props.fields ?? {}).map(([name, value]) => (
      <input type="hidden" name={name} value={value} />
    ))}
    <button type="submit" class={props.tone}>
      {props.icon === undefined ? null : <Icon name={props.icon} />}
      {props.label}
    </button>
  </form>
)

/**
 * In a form with `data-long`, whose answer takes seconds: how long it has worked, and a button that stops it. It is shown while
 * the form is sent.
 * @param working says that it works, and for how many seconds
 */
export const LongProgress = ({ working }: { working(seconds: string): string }) => {
  const texts = useText(FORM_TEXTS)
  return (
    <span class="long-progress" role="status" data-long-progress={working('{n}')} hidden>
      <span data-long-text />
      <button type="button" data-long-stop>
        {texts.stop}
      </button>
    </span>
  )
}

/** A text with a button that copies it. */
export const CopyRow = ({ label, text }: { label: string; text: string }) => {
  const texts = useText(FORM_TEXTS)
  return (
    <div class="copy-row">
      <span>{label}</span>
      <code translate="no">{text}</code>
      <button type="button" data-copy={text} data-copied={texts.copied} aria-label={`${texts.copy} ${label}`}>
        <Icon name="copy" />
        {texts.copy}
      </button>
    </div>
  )
}
