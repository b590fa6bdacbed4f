import { isFields } from '../../../campaign/editing/campaign-items.ts'
import type { Path } from '../../../campaign/editing/yaml-edit.ts'
import { useStore, useTexts } from './context.ts'
import { fieldId, IconButton, Problems } from './fields.tsx'
import { Icon } from './icon.tsx'

/** `true` as the truth value, `12` as the number, any other text as it is. */
function factValueOf(typed: string): unknown {
  if (typed === 'true' || typed === 'false') return typed === 'true'
  return /^-?\d{1,15}(\.\d{1,6})?$/.test(typed) ? Number(typed) : typed
}
const replaced = <T,>(list: readonly T[], index: number, item: T) =>
  list.map((old, i) => (i === index ? item : old))
const shown = (value: unknown) =>
  typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value ?? '')

/** Names and values of facts: what a step writes. */
export const FactsField = ({ path, value }: { path: Path; value: unknown }) => {
  const store = useStore()
  const texts = useTexts()
  const facts = Object.entries(isFields(value) ? value : {})
  const write = (next: [string, unknown][]) =>
    store.setField(path, next.length > 0 ? Object.fromEntries(next) : undefined)
  const add = () => {
    const names = new Set(facts.map(([name]) => name))
    let n = 1
    while (names.has(`fact${n}`)) n++
    write([...facts, [`fact${n}`, true]])
  }
  return (
    <fieldset class="plain">
      <legend>{texts.facts}</legend>
      {facts.map(([name, fact], i) => (
        <FactRow
          key={i}
          path={[...path, name]}
          name={name}
          value={fact}
          onChange={(nextName, nextValue) => write(replaced(facts, i, [nextName, nextValue]))}
          onRemove={() => write(facts.filter((_, n) => n !== i))}
        />
      ))}
      <Problems path={path} exact={true} />
      <button type="button" class="link-button" onClick={add}>
        <Icon name="plus" />
        {texts.addFact}
      </button>
    </fieldset>
  )
}

const FactRow = (props: {
  path: Path
  name: string
  value: unknown
  onChange: (name: string, value: unknown) => void
  onRemove?: () => void
}) => {
  const texts = useTexts()
  const id = fieldId(props.path)
  return (
    <div class="fact">
      <input
        id={`${id}-name`}
        aria-label={texts.factName}
        value={props.name}
        autocomplete="off"
        onChange={({ currentTarget }) => props.onChange(currentTarget.value, props.value)}
      />
      <span aria-hidden="true">=</span>
      <input
        id={id}
        aria-label={texts.factValue}
        value={shown(props.value)}
        readOnly={typeof props.value === 'object' && props.value !== null}
        autocomplete="off"
        onInput={({ currentTarget }) => props.onChange(props.name, factValueOf(currentTarget.value))}
      />
      {props.onRemove ? (
        <IconButton icon="x" label={`${texts.remove} ${props.name}`} onClick={props.onRemove} />
      ) : null}
      <Problems path={props.path} />
    </div>
  )
}

/** The fact that an event or a condition asks for. */
export const FactTestField = ({ path, value }: { path: Path; value: unknown }) => {
  const store = useStore()
  const entries = Object.entries(isFields(value) ? value : {})
  const rows = entries.length > 0 ? entries : ([['paid', true]] as [string, unknown][])
  return (
    <div>
      {rows.map(([name, fact], i) => (
        <FactRow
          key={i}
          path={[...path, name]}
          name={name}
          value={fact}
          onChange={(nextName, nextValue) =>
            store.setField(path, Object.fromEntries(replaced(rows, i, [nextName, nextValue])))
          }
        />
      ))}
      <Problems path={path} exact={true} />
    </div>
  )
}
