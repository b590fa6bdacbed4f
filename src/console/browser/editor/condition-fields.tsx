import { type Fields, listOf } from '../../../campaign/editing/campaign-items.ts'
import type { Path } from '../../../campaign/editing/yaml-edit.ts'
import { isRecord } from '../../../shared/is-record.ts'
import { ENTRY_EVENTS } from '../../texts/event-words.ts'
import { useStore, useTexts } from './context.ts'
import { EventFields } from './event-fields.tsx'
import { FactTestField } from './fact-fields.tsx'
import { fieldId, IconButton, Problems, SelectField, WordsField } from './fields.tsx'
import { Icon } from './icon.tsx'
import type { EditorStore } from './store.ts'

const KEYS = ['replied', 'tag', 'qrScene', 'subscribeScene', 'facts', 'entry', 'campaign', 'not'] as const
type Key = (typeof KEYS)[number]

/** What the list of conditions offers. Each of `SINGLE` is one condition; `several` is any other map. */
const SINGLE = ['replied', 'not-replied', 'tag', 'no-tag', ...KEYS.slice(2, -1)] as const
type Choice = 'everyone' | (typeof SINGLE)[number] | 'several'

/** What a condition begins with. */
function firstValue(store: EditorStore, key: Key): unknown {
  switch (key) {
    case 'replied':
      return true
    case 'subscribeScene':
      return 'ADD_SCENE_QR_CODE'
    case 'facts':
      return { paid: true }
    case 'entry':
      return { event: 'subscribe' }
    case 'campaign':
      return { [store.data.campaigns[0]?.id ?? 'campaign-id']: 'completed' }
    case 'not':
      return { tag: '' }
    default:
      return ''
  }
}

function valueOfChoice(store: EditorStore, choice: Choice, old: unknown): unknown {
  switch (choice) {
    case 'everyone':
      return undefined
    case 'replied':
    case 'not-replied':
      return choice
    case 'no-tag':
      return { not: { tag: '' } }
    case 'several':
      return asSeveral(asMap(old))
    default:
      return { [choice]: firstValue(store, choice as Key) }
  }
}

/** Two conditions at least: one alone has an entry of its own in the list. */
function asSeveral(conditions: Fields): Fields {
  const keys = Object.keys(conditions)
  const hasOther = keys.some((key) => key !== 'not')
  return { ...(hasOther ? {} : { tag: '' }), ...(keys.length < 2 ? { not: { tag: '' } } : {}), ...conditions }
}

/** A condition as a map: `replied` is `{ replied: true }`. */
function asMap(when: unknown): Fields {
  if (when === 'replied') return { replied: true }
  if (when === 'not-replied') return { not: { replied: true } }
  return isRecord(when) ? when : {}
}

function choiceOf(when: unknown): Choice {
  if (when === undefined) return 'everyone'
  if (when === 'replied' || when === 'not-replied') return when
  const keys = isRecord(when) ? Object.keys(when) : []
  const [key] = keys
  if (!isRecord(when) || keys.length !== 1 || key === undefined) return 'several'
  const { not } = when
  if (isRecord(not) && not.tag !== undefined && Object.keys(not).length === 1) return 'no-tag'
  return (SINGLE as readonly string[]).includes(key) ? (key as Choice) : 'several'
}

/** Who gets a step, or takes a branch: one condition, or several that must all hold. */
export const ConditionFields = (props: { path: Path; value: unknown; isBranch?: boolean }) => {
  const store = useStore()
  const texts = useTexts()
  const { path, value, isBranch = false } = props
  const choice = choiceOf(value)
  const names: Readonly<Record<Choice, string>> = {
    ...texts.conditions,
    everyone: texts.everyone,
    replied: texts.replied,
    'not-replied': texts.notReplied,
    tag: texts.withTag,
    'no-tag': texts.withoutTag,
    several: texts.severalConditions,
  }
  const options = [...(isBranch ? [] : ['everyone' as const]), ...SINGLE, 'several' as const]
  const single = (SINGLE as readonly string[]).includes(choice) && isRecord(value)
  const key = choice === 'no-tag' ? 'tag' : (choice as Key)
  const at = choice === 'no-tag' ? [...path, 'not'] : path
  const fields = choice === 'no-tag' ? asMap(asMap(value).not) : asMap(value)
  return (
    <div
      class={
        choice === 'several' || choice === 'entry' || choice === 'facts' ? 'conditions several' : 'conditions'
      }
    >
      <SelectField
        path={path}
        exact={true}
        label={texts.forWhom}
        value={choice}
        options={options.map((name) => [name, names[name]] as const)}
        onChange={(next) => store.setField(path, valueOfChoice(store, next as Choice, value))}
      />
      {single ? <ConditionValue path={at} name={key} fields={fields} /> : null}
      {choice === 'several' ? <ConditionRows path={path} fields={asMap(value)} /> : null}
    </div>
  )
}

/** Conditions that must all hold, one below the other. `not` has conditions of its own. */
const ConditionRows = ({ path, fields }: { path: Path; fields: Fields }) => {
  const store = useStore()
  const texts = useTexts()
  const present = KEYS.filter((key) => fields[key] !== undefined)
  const free = KEYS.filter((key) => fields[key] === undefined)
  const remove = (key: Key) =>
    store.setField(path, Object.fromEntries(Object.entries(fields).filter(([name]) => name !== key)))
  return (
    <div class="condition-rows">
      {present.map((key) => {
        const inner = asMap(fields[key])
        const isGroup = key === 'not' && Object.keys(inner).length > 1
        const title = isGroup ? texts.notAll : texts.conditions[key]
        return (
          <fieldset class="condition" key={key}>
            <legend>{title}</legend>
            {present.length > 1 ? (
              <IconButton icon="x" label={texts.removeCondition(title)} onClick={() => remove(key)} />
            ) : null}
            {key === 'not' ? (
              <ConditionRows path={[...path, 'not']} fields={inner} />
            ) : (
              <ConditionValue path={path} name={key} fields={fields} />
            )}
          </fieldset>
        )
      })}
      {free.length > 0 ? (
        <select
          class="add-condition"
          aria-label={texts.addCondition}
          value=""
          onChange={({ currentTarget }) => {
            const key = currentTarget.value as Key
            currentTarget.value = ''
            store.setField(path, { ...fields, [key]: firstValue(store, key) })
          }}
        >
          <option value="">{texts.addCondition}</option>
          {free.map((key) => (
            <option value={key}>{texts.conditions[key]}</option>
          ))}
        </select>
      ) : null}
    </div>
  )
}

const oneOrList = (words: unknown): readonly unknown[] =>
  Array.isArray(words) ? listOf(words) : words === undefined ? [] : [words]

/** The fields of one condition. */
const ConditionValue = ({ path, name, fields }: { path: Path; name: Key; fields: Fields }) => {
  const texts = useTexts()
  const at = [...path, name]
  const value = fields[name]
  switch (name) {
    case 'tag':
      return (
        <WordsField path={at} label={texts.tagName} hint={texts.anyOf} value={oneOrList(value)} kept={true} />
      )
    case 'qrScene':
      return (
        <WordsField
          path={at}
          label={texts.sceneName}
          hint={texts.scenesOneHint}
          value={oneOrList(value)}
          kept={true}
        />
      )
    case 'subscribeScene':
      return <ScenesField path={at} value={value} />
    case 'facts':
      return <FactTestField path={at} value={value} />
    case 'entry':
      return <EventFields path={at} value={value} events={ENTRY_EVENTS} />
    case 'campaign':
      return <ResultsField path={at} value={value} />
    default:
      return <Problems path={at} />
  }
}

/** How the follower came to the account, as WeChat names it. */
const ScenesField = ({ path, value }: { path: Path; value: unknown }) => {
  const store = useStore()
  const texts = useTexts()
  const chosen = oneOrList(value).map(String)
  const known = Object.entries(texts.subscribeScenes)
  const others = chosen.filter((scene) => !known.some(([name]) => name === scene))
  return (
    <div class="scenes">
      {[...known, ...others.map((scene) => [scene, scene] as const)].map(([scene, name], i) => (
        <label class="check" key={scene}>
          <input
            id={i === 0 ? fieldId(path) : undefined}
            type="checkbox"
            checked={chosen.includes(scene)}
            disabled={chosen.length === 1 && chosen.includes(scene)}
            onChange={({ currentTarget: { checked } }) =>
              store.setField(path, checked ? [...chosen, scene] : chosen.filter((one) => one !== scene))
            }
          />
          <span>{name}</span>
        </label>
      ))}
      <Problems path={path} />
    </div>
  )
}

/** How the follower's last runs of other campaigns ended. */
const ResultsField = ({ path, value }: { path: Path; value: unknown }) => {
  const store = useStore()
  const texts = useTexts()
  const rows = Object.entries(asMap(value)).map(([id, result]) => [id, String(result)] as const)
  const write = (next: readonly (readonly [string, string])[]) =>
    store.setField(path, Object.fromEntries(next))
  const replace = (index: number, row: readonly [string, string]) =>
    write(rows.map((old, i) => (i === index ? row : old)))
  const free = store.data.campaigns.filter(({ id }) => !rows.some(([used]) => used === id))
  return (
    <div>
      {rows.map(([id, result], i) => (
        <div class="field-pair" key={i}>
          <SelectField
            path={[...path, id, 'campaign']}
            label={texts.otherCampaign}
            value={id}
            options={campaignOptions(store, id, [...free.map((one) => one.id), id])}
            onChange={(next) => replace(i, [next, result])}
          />
          <SelectField
            path={[...path, id]}
            label={texts.result}
            value={result}
            options={Object.entries(texts.campaignResults)}
            onChange={(next) => replace(i, [id, next])}
          />
        </div>
      ))}
      {free[0] ? (
        <button
          type="button"
          class="link-button"
          onClick={() => write([...rows, [free[0]?.id ?? '', 'completed']])}
        >
          <Icon name="plus" />
          {texts.addOtherCampaign}
        </button>
      ) : null}
      <Problems path={path} exact={true} />
    </div>
  )
}

/** The campaigns that a field may name, and the one that it names. */
export function campaignOptions(
  { data }: EditorStore,
  chosen: string,
  among?: readonly string[],
): (readonly [id: string, label: string])[] {
  const known = data.campaigns.filter(({ id }) => among?.includes(id) ?? true)
  const isKnown = chosen === '' || known.some(({ id }) => id === chosen)
  return [
    ...known.map(({ id, name }) => [id, name === id ? id : `${name}（${id}）`] as const),
    ...(isKnown ? [] : [[chosen, chosen] as const]),
  ]
}
