import { type Fields, isFields, listOf, textOf } from '../../../campaign/editing/campaign-items.ts'
import { type Path, setField } from '../../../campaign/editing/yaml-edit.ts'
import { useStore, useTexts } from './context.ts'
import { FactTestField } from './fact-fields.tsx'
import {
  Choices,
  DurationField,
  NumberField,
  Problems,
  SelectField,
  TextField,
  WordsField,
} from './fields.tsx'
import { keyOf } from './store.ts'

type Mode = 'delay' | 'clock' | 'day' | 'before'

function modeOf(fields: Fields): Mode {
  if (fields.before !== undefined) return 'before'
  if (fields.day !== undefined) return 'day'
  return fields.at === undefined ? 'delay' : 'clock'
}

/** The fields that each mode has. */
const OF_MODE: Readonly<Record<Mode, Fields>> = {
  delay: { after: '10m' },
  clock: { at: '09:00' },
  day: { day: 1, at: '09:00' },
  before: { before: '2h' },
}
const TIMES = ['after', 'at', 'day', 'days', 'before'] as const

/** When a step goes, or when a fork by conditions is decided. */
export const TimingFields = ({ path, fields }: { path: Path; fields: Fields }) => {
  const store = useStore()
  const texts = useTexts()
  const mode = modeOf(fields)
  const isFact = isFields(fields.since)
  const modes = (['delay', 'clock', 'day', 'before'] as const).filter((m) => m !== 'before' || isFact)
  const setMode = (next: string) =>
    store.edit((text) => {
      let changed = text
      const wanted = OF_MODE[next as Mode]
      for (const name of TIMES)
        if (!(name in wanted) && fields[name] !== undefined)
          changed = setField(changed, [...path, name], undefined)
      for (const [name, value] of Object.entries(wanted))
        if (fields[name] === undefined) changed = setField(changed, [...path, name], value)
      return changed
    })
  return (
    <fieldset class="plain">
      <legend>{texts.when}</legend>
      <div class="field-pair">
        <SinceField path={path} fields={fields} />
        <SelectField
          path={[...path, 'mode']}
          label={texts.timing}
          value={mode}
          options={modes.map((m) => [m, texts.clockModes[m]] as const)}
          onChange={setMode}
        />
      </div>
      {isFact ? (
        <TextField
          path={[...path, 'since', 'fact']}
          label={texts.factName}
          value={isFields(fields.since) ? fields.since.fact : ''}
          kept={true}
        />
      ) : null}
      <ModeFields path={path} fields={fields} mode={mode} />
    </fieldset>
  )
}

const ModeFields = ({ path, fields, mode }: { path: Path; fields: Fields; mode: Mode }) => {
  const store = useStore()
  const texts = useTexts()
  const at = (
    <TextField path={[...path, 'at']} label={texts.at24} value={fields.at} kept={true} placeholder="09:00" />
  )
  const days = (
    <SelectField
      path={[...path, 'days']}
      label={texts.days}
      value={Array.isArray(fields.days) ? fields.days.join(' ') : textOf(fields.days)}
      options={[
        ['', texts.daysAny],
        ['workdays', texts.daysNames.workdays],
        ['weekend', texts.daysNames.weekend],
        ...(Array.isArray(fields.days) ? [[fields.days.join(' '), fields.days.join(' ')] as const] : []),
      ]}
      onChange={(value) => store.setField([...path, 'days'], value === '' ? undefined : value)}
    />
  )
  switch (mode) {
    case 'delay':
      return <DurationField path={[...path, 'after']} label={texts.delay} value={fields.after} />
    case 'before':
      return <DurationField path={[...path, 'before']} label={texts.before} value={fields.before} />
    case 'clock':
      return (
        <div class="field-pair">
          {at}
          {days}
        </div>
      )
    default:
      return (
        <div class="field-pair three">
          <NumberField path={[...path, 'day']} label={texts.day} value={fields.day} />
          {at}
          {days}
        </div>
      )
  }
}

/** What a step's time counts from. */
const SinceField = ({ path, fields }: { path: Path; fields: Fields }) => {
  const store = useStore()
  const texts = useTexts()
  const { cards } = store
  const here = cards.findIndex((card) => keyOf(card.path) === keyOf(path))
  const above = cards
    .slice(0, Math.max(here, 0))
    .flatMap(({ fields: { id } }) => (typeof id === 'string' ? [id] : []))
  const since = isFields(fields.since) ? 'fact:' : textOf(fields.since) || 'previous'
  const named = ['previous', 'entry', 'reply']
  const ids = [...new Set([...above, ...(since !== 'fact:' && !named.includes(since) ? [since] : [])])]
  const options = [
    ['previous', texts.sinceNames.previous],
    ['entry', texts.sinceNames.entry],
    ['reply', texts.sinceNames.reply],
    ...ids.map((id) => [id, texts.sinceNames.step(id)]),
    ['fact:', texts.sinceNames.fact],
  ] as [string, string][]
  const write = (value: string) => {
    if (value === 'fact:') return store.setField([...path, 'since'], { fact: 'visitAt' })
    store.edit((text) => {
      const set = setField(text, [...path, 'since'], value === 'previous' ? undefined : value)
      return fields.before === undefined
        ? set
        : setField(setField(set, [...path, 'before'], undefined), [...path, 'after'], '10m')
    })
  }
  return (
    <SelectField
      path={[...path, 'since']}
      label={texts.since}
      value={since}
      options={options}
      onChange={write}
    />
  )
}

type Condition = 'everyone' | 'replied' | 'not-replied' | 'tag' | 'no-tag' | 'scene' | 'fact' | 'other'

function conditionOf(when: unknown): Condition {
  if (when === undefined) return 'everyone'
  if (when === 'replied' || when === 'not-replied') return when
  if (!isFields(when) || Object.keys(when).length !== 1) return 'other'
  if (when.tag !== undefined) return 'tag'
  if (when.qrScene !== undefined) return 'scene'
  if (when.facts !== undefined) return 'fact'
  if (when.replied === true) return 'replied'
  const { not } = when
  return isFields(not) && not.tag !== undefined && Object.keys(not).length === 1 ? 'no-tag' : 'other'
}

const CONDITIONS: Readonly<Record<string, unknown>> = {
  replied: 'replied',
  'not-replied': 'not-replied',
  tag: { tag: '' },
  'no-tag': { not: { tag: '' } },
  scene: { qrScene: '' },
  fact: { facts: { paid: true } },
}

/** Who gets a step, or takes a branch. */
export const ConditionFields = ({
  path,
  value,
  isBranch = false,
}: {
  path: Path
  value: unknown
  isBranch?: boolean
}) => {
  const store = useStore()
  const texts = useTexts()
  const condition = conditionOf(value)
  const names: [Condition, string][] = [
    ['everyone', texts.everyone],
    ['replied', texts.replied],
    ['not-replied', texts.notReplied],
    ['tag', texts.withTag],
    ['no-tag', texts.withoutTag],
    ['scene', texts.withScene],
    ['fact', texts.withFact],
    ['other', texts.inYaml],
  ]
  const shown = names.filter(([name]) =>
    name === 'other' ? condition === 'other' : name !== 'everyone' || !isBranch,
  )
  const fields = isFields(value) ? value : {}
  const inner = isFields(fields.not) ? fields.not : {}
  const oneOrList = (words: unknown) =>
    Array.isArray(words) ? listOf(words) : words === undefined ? [] : [words]
  return (
    <div class="fields">
      <SelectField
        path={path}
        exact={true}
        label={texts.forWhom}
        value={condition}
        options={shown}
        onChange={(next) =>
          next !== 'other' && store.setField(path, next === 'everyone' ? undefined : CONDITIONS[next])
        }
      />
      {condition === 'tag' ? (
        <WordsField path={[...path, 'tag']} label={texts.tagName} value={oneOrList(fields.tag)} kept={true} />
      ) : null}
      {condition === 'no-tag' ? (
        <WordsField
          path={[...path, 'not', 'tag']}
          label={texts.tagName}
          value={oneOrList(inner.tag)}
          kept={true}
        />
      ) : null}
      {condition === 'scene' ? (
        <WordsField
          path={[...path, 'qrScene']}
          label={texts.sceneName}
          value={oneOrList(fields.qrScene)}
          kept={true}
        />
      ) : null}
      {condition === 'fact' ? <FactTestField path={[...path, 'facts']} value={fields.facts} /> : null}
      {condition === 'other' ? <Problems path={path} /> : null}
    </div>
  )
}

/** What happens to a step that cannot go on time. */
export const LateField = ({ path, value }: { path: Path; value: unknown }) => {
  const store = useStore()
  const texts = useTexts()
  return (
    <Choices
      label={texts.ifLate}
      value={value === 'skip' ? 'skip' : 'hold'}
      options={[
        ['hold', texts.hold],
        ['skip', texts.skip],
      ]}
      onChange={(next) => store.setField([...path, 'ifLate'], next === 'hold' ? undefined : next)}
    />
  )
}
