import { useEffect, useState } from 'preact/hooks'
import type { Path } from '../../../campaign/editing/yaml-edit.ts'
import { factOfText } from '../../../shared/facts.ts'
import { isRecord } from '../../../shared/is-record.ts'
import { useStore, useTexts } from './context.ts'
import { fieldId, IconButton, Problems } from './fields.tsx'
import { Icon } from './icon.tsx'

const replaced = <T,>(list: readonly T[], index: number, item: T) =>
  list.map((old, i) => (i === index ? item : old))
const shown = (value: unknown) =>
  typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value ?? '')

/** A name that the others do not have. */
function freeName(names: readonly string[]): string {
  let n = 1
  while (names.includes(`fact${n}`)) n++
  return `fact${n}`
}

/** Names and values of facts: what a step writes. */
export const FactsField = ({ path, value }: { path: Path; value: unknown }) => {
  const store = useStore()
  const texts = useTexts()
  const facts = Object.entries(isRecord(value) ? value : {})
  const write = (next: [string, unknown][]) =>
    store.setField(path, next.length > 0 ? Object.fromEntries(next) : undefined)
  const add = () => {
    write([...facts, [freeName(facts.map(([name]) => name)), true]])
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
        onInput={({ currentTarget }) => props.onChange(props.name, factOfText(currentTarget.value))}
      />
      {props.onRemove ? (
        <IconButton icon="x" label={`${texts.remove} ${props.name}`} onClick={props.onRemove} />
      ) : null}
      <Problems path={props.path} />
    </div>
  )
}

type Comparison = 'is' | 'oneOf' | 'atLeast' | 'atMost'

function comparisonOf(test: unknown): Comparison {
  if (Array.isArray(test)) return 'oneOf'
  if (!isRecord(test)) return 'is'
  return test.atMost === undefined ? 'atLeast' : 'atMost'
}

/** What is compared with, as a text. */
function comparedText(test: unknown): string {
  if (Array.isArray(test)) return test.map(shown).join('，')
  return shown(isRecord(test) ? (test.atLeast ?? test.atMost) : test)
}

function testOf(comparison: Comparison, typed: string): unknown {
  switch (comparison) {
    case 'oneOf': {
      const values = typed.split(/[,，、;；]/).map((one) => one.trim())
      const filled = values.filter(Boolean)
      return (filled.length > 0 ? filled : ['']).map(factOfText)
    }
    case 'is':
      return factOfText(typed)
    default:
      return { [comparison]: factOfText(typed) }
  }
}

/** The facts that an event or a condition asks for, and how each is compared. All must hold. */
export const FactTestField = ({ path, value }: { path: Path; value: unknown }) => {
  const store = useStore()
  const texts = useTexts()
  const entries = Object.entries(isRecord(value) ? value : {})
  const rows = entries.length > 0 ? entries : ([['paid', true]] as [string, unknown][])
  const write = (next: [string, unknown][]) => store.setField(path, Object.fromEntries(next))
  return (
    <div class="fact-tests">
      {rows.map(([name, test], i) => (
        <FactTestRow
          key={i}
          path={[...path, name]}
          name={name}
          test={test}
          onChange={(nextName, nextTest) => write(replaced(rows, i, [nextName, nextTest]))}
          {...(rows.length > 1 ? { onRemove: () => write(rows.filter((_, n) => n !== i)) } : {})}
        />
      ))}
      <Problems path={path} exact={true} />
      <button
        type="button"
        class="link-button"
        onClick={() => write([...rows, [freeName(rows.map(([name]) => name)), true]])}
      >
        <Icon name="plus" />
        {texts.addFactTest}
      </button>
    </div>
  )
}

const FactTestRow = (props: {
  path: Path
  name: string
  test: unknown
  onChange: (name: string, test: unknown) => void
  onRemove?: () => void
}) => {
  const texts = useTexts()
  const id = fieldId(props.path)
  const comparison = comparisonOf(props.test)
  const text = comparedText(props.test)
  const [typed, setTyped] = useState(text)
  // What was typed stays as it is, except where the file has changed otherwise.
  useEffect(() => {
    if (comparedText(testOf(comparison, typed)) !== text) setTyped(text)
  }, [text])
  return (
    <div class={props.onRemove ? 'fact test removable' : 'fact test'}>
      <input
        id={`${id}-name`}
        aria-label={texts.factName}
        value={props.name}
        autocomplete="off"
        onChange={({ currentTarget }) => props.onChange(currentTarget.value, props.test)}
      />
      <select
        aria-label={texts.comparison}
        value={comparison}
        onChange={({ currentTarget }) =>
          props.onChange(props.name, testOf(currentTarget.value as Comparison, typed))
        }
      >
        {Object.entries(texts.comparisons).map(([key, label]) => (
          <option value={key} selected={key === comparison}>
            {label}
          </option>
        ))}
      </select>
      <input
        id={id}
        aria-label={texts.factValue}
        value={typed}
        autocomplete="off"
        onInput={({ currentTarget }) => {
          setTyped(currentTarget.value)
          props.onChange(props.name, testOf(comparison, currentTarget.value))
        }}
      />
      {props.onRemove ? (
        <IconButton icon="x" label={`${texts.remove} ${props.name}`} onClick={props.onRemove} />
      ) : null}
      <Problems path={props.path} />
    </div>
  )
}
