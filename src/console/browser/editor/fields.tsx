import { type ComponentChildren, Fragment } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { durationParts, UNITS } from '../../../campaign/editing/duration-parts.ts'
import type { Path } from '../../../campaign/editing/yaml-edit.ts'
import { useStore, useTexts } from './context.ts'
import { Icon } from './icon.tsx'
import { Fixes } from './issue-row.tsx'
import { issuesOfField } from './issues.ts'
import { type EditorStore, keyOf } from './store.ts'

/** The id of a field's control, for its label. */
export const fieldId = (path: Path) => `f-${keyOf(path).replaceAll('.', '-')}`

/** What is wrong with a field, beside it. */
export const Problems = ({ path, exact = false }: { path: Path; exact?: boolean }) => {
  const store = useStore()
  const issues = issuesOfField(store, path, exact)
  if (issues.length === 0) return null
  const isToFill = issues.some(({ tone }) => tone === 'empty')
  return (
    <div id={`p-${fieldId(path)}`}>
      {isToFill ? <p class="to-fill">{store.texts.toFill}</p> : null}
      {issues
        .filter(({ tone }) => tone !== 'empty')
        .map((issue) => (
          <Fragment key={`${issue.path} ${issue.message}`}>
            <p class={issue.tone === 'red' ? 'problem' : 'problem mild'}>
              <Icon name={issue.tone === 'red' ? 'circle-alert' : 'triangle-alert'} />
              <span>
                {issue.message}
                {issue.hint === undefined ? null : <small class="quiet"> {issue.hint}</small>}
              </span>
            </p>
            <Fixes issue={issue} />
          </Fragment>
        ))}
    </div>
  )
}

interface FieldProps {
  path: Path
  label: string
  hint?: string
  /** Its control shows issues of this path only. */
  exact?: boolean
  /** Its problems are shown elsewhere. */
  isSilent?: boolean
}

/**
 * Says that somebody has left a field. Another window, or a part of the same field, is no other place.
 * @param needsTarget what takes the focus must be known: a file is chosen in a window of its own
 */
export const leaves =
  (store: EditorStore, path: Path, needsTarget = false) =>
  ({ currentTarget, relatedTarget }: FocusEvent): void => {
    if (!document.hasFocus() || (needsTarget && relatedTarget === null)) return
    if ((currentTarget as Element).contains(relatedTarget as Node | null)) return
    const empty = issuesOfField(store, path).filter(({ tone }) => tone === 'empty')
    if (empty.length > 0) store.leave(empty.map((issue) => issue.path))
  }

/** A label, its control and what is wrong. */
export const Field = (props: FieldProps & { control: (attributes: Attributes) => ComponentChildren }) => {
  const { path, label, hint, exact = false } = props
  const id = fieldId(path)
  const store = useStore()
  const issues = issuesOfField(store, path, exact)
  const isWrong = issues.some(({ tone }) => tone === 'red')
  const described = [hint ? `h-${id}` : '', issues.length > 0 ? `p-${id}` : ''].filter(Boolean).join(' ')
  return (
    <div class={isWrong ? 'field wrong' : 'field'} onFocusOut={leaves(store, path)}>
      <label for={id}>{label}</label>
      {props.control({
        id,
        'aria-invalid': isWrong ? 'true' : undefined,
        'aria-describedby': described || undefined,
      })}
      {hint ? (
        <p class="hint" id={`h-${id}`}>
          {hint}
        </p>
      ) : null}
      {props.isSilent ? null : <Problems path={path} exact={exact} />}
    </div>
  )
}
interface Attributes {
  id: string
  'aria-invalid': 'true' | undefined
  'aria-describedby': string | undefined
}

/** A line of text. An emptied one removes the field, unless it is `kept`. */
export const TextField = (
  props: FieldProps & {
    value: unknown
    kept?: boolean
    placeholder?: string
    /** What is written for what was typed. */
    written?: (typed: string) => unknown
  },
) => {
  const store = useStore()
  const { path, value, kept = false, written = (typed) => typed } = props
  const text = typeof value === 'string' || typeof value === 'number' ? String(value) : ''
  return (
    <Field
      {...props}
      control={(attributes) => (
        <input
          {...attributes}
          type="text"
          value={text}
          placeholder={props.placeholder}
          autocomplete="off"
          onInput={({ currentTarget: { value: typed } }) =>
            store.setField(path, typed === '' && !kept ? undefined : written(typed))
          }
        />
      )}
    />
  )
}

/** A number. Another text stays as it was typed, with its error. */
export const NumberField = (props: FieldProps & { value: unknown }) => (
  <TextField {...props} written={(typed) => (/^-?\d+(\.\d+)?$/.test(typed) ? Number(typed) : typed)} />
)

/** Words of a list in one line. */
export const WordsField = (props: FieldProps & { value: unknown; kept?: boolean; onEmpty?: () => void }) => {
  const store = useStore()
  const { path, value, kept = false } = props
  const words = Array.isArray(value) ? value.map(String) : typeof value === 'string' ? [value] : []
  const [typed, setTyped] = useState(words.join('，'))
  const same = (a: readonly string[], b: readonly string[]) => a.join('\n') === b.join('\n')
  // What was typed stays as it is, except where the file has changed otherwise.
  useEffect(() => {
    if (!same(wordsIn(typed), words.filter(Boolean))) setTyped(words.join('，'))
  }, [words.join('\n')])
  return (
    <Field
      {...props}
      hint={props.hint ?? useTexts().listHint}
      control={(attributes) => (
        <input
          {...attributes}
          type="text"
          value={typed}
          autocomplete="off"
          onInput={({ currentTarget: { value: now } }) => {
            setTyped(now)
            const list = wordsIn(now)
            if (list.length === 0 && props.onEmpty) props.onEmpty()
            else store.setField(path, list.length > 0 ? list : kept ? [''] : undefined)
          }}
        />
      )}
    />
  )
}
const wordsIn = (text: string) => text.split(/[,，、;；\s]+/).filter(Boolean)

export const SelectField = (
  props: FieldProps & {
    value: string
    options: readonly (readonly [value: string, label: string])[]
    onChange: (value: string) => void
  },
) => (
  <Field
    {...props}
    control={(attributes) => (
      <select
        {...attributes}
        value={props.value}
        onChange={({ currentTarget }) => props.onChange(currentTarget.value)}
      >
        {props.options.map(([value, label]) => (
          <option value={value} selected={value === props.value}>
            {label}
          </option>
        ))}
      </select>
    )}
  />
)

export const CheckField = (props: {
  path: Path
  label: string
  checked: boolean
  onChange: (checked: boolean) => void
}) => (
  <div class="field check">
    <label>
      <input
        id={fieldId(props.path)}
        type="checkbox"
        checked={props.checked}
        onChange={({ currentTarget }) => props.onChange(currentTarget.checked)}
      />
      <span>{props.label}</span>
    </label>
    <Problems path={props.path} exact={true} />
  </div>
)

/** A count and a unit: `22` and 小时. */
export const DurationField = (props: FieldProps & { value: unknown; units?: readonly string[] }) => {
  const store = useStore()
  const texts = useTexts()
  const { path, value } = props
  const { count, unit } = durationParts(value)
  const [unitWhenEmpty, setUnit] = useState<string>(unit)
  const shownUnit = value === undefined || count === '' ? unitWhenEmpty : unit
  const write = (nextCount: string, nextUnit: string) =>
    store.setField(path, nextCount.trim() === '' ? undefined : `${nextCount.trim()}${nextUnit}`)
  return (
    <Field
      {...props}
      control={(attributes) => (
        <span class="duration">
          <input
            {...attributes}
            type="text"
            inputMode="numeric"
            value={count}
            autocomplete="off"
            onInput={({ currentTarget }) => write(currentTarget.value, shownUnit)}
          />
          <select
            aria-label={`${props.label} · ${texts.delayUnit}`}
            value={shownUnit}
            onChange={({ currentTarget }) => {
              setUnit(currentTarget.value)
              if (count !== '') write(count, currentTarget.value)
            }}
          >
            {UNITS.filter((u) => props.units?.includes(u) ?? true).map((u) => (
              <option value={u} selected={u === shownUnit}>
                {texts.units[u]}
              </option>
            ))}
          </select>
        </span>
      )}
    />
  )
}

/** Two or three choices beside each other. */
export const Choices = (props: {
  label: string
  value: string
  options: readonly (readonly [value: string, label: string])[]
  onChange: (value: string) => void
}) => (
  <fieldset class="choice-row">
    <legend>{props.label}</legend>
    <div>
      {props.options.map(([value, label]) => (
        <button
          type="button"
          class={value === props.value ? 'on' : ''}
          aria-pressed={value === props.value}
          onClick={() => props.onChange(value)}
        >
          {label}
        </button>
      ))}
    </div>
  </fieldset>
)

/** A button with a drawing and a name. */
export const IconButton = (props: {
  icon: string
  label: string
  disabled?: boolean
  onClick: () => void
}) => (
  <button
    type="button"
    class="icon-button"
    title={props.label}
    aria-label={props.label}
    disabled={props.disabled}
    onClick={props.onClick}
  >
    <Icon name={props.icon} />
  </button>
)
