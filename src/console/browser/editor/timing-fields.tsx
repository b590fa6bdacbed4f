import { type Fields, textOf } from '../../../campaign/editing/campaign-items.ts'
import { type Path, setField } from '../../../campaign/editing/yaml-edit.ts'
import { isRecord } from '../../../shared/is-record.ts'
import { useStore, useTexts } from './context.ts'
import { Choices, DurationField, NumberField, SelectField, TextField } from './fields.tsx'
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
/** Fields that a mode keeps, where a step has them. */
const KEPT: Readonly<Record<Mode, readonly string[]>> = {
  delay: [],
  clock: ['days'],
  day: ['days'],
  before: [],
}

/** When a step goes, or when a fork by conditions is decided. */
export const TimingFields = ({ path, fields }: { path: Path; fields: Fields }) => {
  const store = useStore()
  const texts = useTexts()
  const mode = modeOf(fields)
  const isFact = isRecord(fields.since)
  const modes = (['delay', 'clock', 'day', 'before'] as const).filter((m) => m !== 'before' || isFact)
  const setMode = (next: string) =>
    store.edit((text) => {
      let changed = text
      const wanted = OF_MODE[next as Mode]
      for (const name of TIMES)
        if (!(name in wanted) && !KEPT[next as Mode].includes(name) && fields[name] !== undefined)
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
          value={isRecord(fields.since) ? fields.since.fact : ''}
          kept={true}
        />
      ) : null}
      <ModeFields path={path} fields={fields} mode={mode} />
    </fieldset>
  )
}

const ModeFields = ({ path, fields, mode }: { path: Path; fields: Fields; mode: Mode }) => {
  const texts = useTexts()
  const at = (
    <TextField path={[...path, 'at']} label={texts.at24} value={fields.at} kept={true} placeholder="09:00" />
  )
  const days = <DaysField path={path} value={fields.days} />
  switch (mode) {
    case 'delay':
      return <DurationField path={[...path, 'after']} label={texts.delay} value={fields.after} />
    case 'before':
      return <DurationField path={[...path, 'before']} label={texts.before} value={fields.before} />
    case 'clock':
      return (
        <>
          <div class="field-pair">
            {at}
            {days}
          </div>
          <DurationField
            path={[...path, 'after']}
            label={texts.notBefore}
            hint={texts.notBeforeHint}
            value={fields.after}
          />
        </>
      )
    default:
      return (
        <div class="field-pair three">
          <NumberField path={[...path, 'day']} label={texts.day} hint={texts.dayHint} value={fields.day} />
          {at}
          {days}
        </div>
      )
  }
}

const WEEKDAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const

/** The days of the week on which a local time may be. */
const DaysField = ({ path, value }: { path: Path; value: unknown }) => {
  const store = useStore()
  const texts = useTexts()
  const at = [...path, 'days']
  const own = Array.isArray(value) ? value.map(String) : null
  const set = (days: unknown) => store.setField(at, days)
  const written = (next: string): unknown =>
    next === 'own' ? ['mon', 'wed', 'fri'] : next === '' ? undefined : next
  return (
    <div>
      <SelectField
        path={at}
        label={texts.days}
        value={own ? 'own' : textOf(value)}
        options={[
          ['', texts.daysAny],
          ['workdays', texts.daysNames.workdays],
          ['weekend', texts.daysNames.weekend],
          ['own', texts.daysOwn],
        ]}
        onChange={(next) => set(written(next))}
      />
      {own ? (
        <fieldset class="weekdays">
          <legend class="off-screen">{texts.daysOwn}</legend>
          {WEEKDAYS.map((day) => (
            <label class="check" key={day}>
              <input
                type="checkbox"
                checked={own.includes(day)}
                disabled={own.length === 1 && own.includes(day)}
                onChange={({ currentTarget: { checked } }) =>
                  set(WEEKDAYS.filter((d) => (d === day ? checked : own.includes(d))))
                }
              />
              <span>{texts.weekdays[day]}</span>
            </label>
          ))}
        </fieldset>
      ) : null}
    </div>
  )
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
  const since = isRecord(fields.since) ? 'fact:' : textOf(fields.since) || 'previous'
  const named = ['previous', 'entry', 'reply']
  const ids = [...new Set([...above, ...(since !== 'fact:' && !named.includes(since) ? [since] : [])])]
  const options = [
    ['previous', texts.sinceNames.previous],
    ['entry', texts.sinceNames.entry],
    ['reply', texts.sinceNames.reply],
    ...ids.map((id) => [id, texts.sinceNames.step(store.nameOf(id))]),
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
