import { type Card, renameItem, textOf } from '../../../campaign/editing/campaign-items.ts'
import type { Path } from '../../../campaign/editing/yaml-edit.ts'
import { ConditionFields, campaignOptions } from './condition-fields.tsx'
import { useStore, useTexts } from './context.ts'
import { FactsField } from './fact-fields.tsx'
import { CheckField, Field, SelectField, TextField, WordsField } from './fields.tsx'
import { Icon } from './icon.tsx'
import { addVariant } from './item-actions.ts'
import { Messages } from './message-fields.tsx'
import { PaymentNote } from './payment.tsx'
import { keyOf } from './store.ts'
import { LateField, TimingFields } from './timing-fields.tsx'

interface StepProps {
  path: Path
  fields: Card['fields']
}

/** The form of a step: when and for whom, what is sent, and what happens afterwards. */
export const StepForm = ({ path, fields }: StepProps) => {
  const texts = useTexts()
  return (
    <>
      {fields.send === undefined ? null : <PaymentNote id={textOf(fields.id)} />}
      <TimingFields path={path} fields={fields} />
      <div class="field-pair">
        <ConditionFields path={[...path, 'when']} value={fields.when} />
        <LateField path={path} value={fields.ifLate} />
      </div>
      <Messages path={[...path, 'send']} value={fields.send} />
      <VariantButton path={path} fields={fields} />
      <fieldset class="plain">
        <legend>{texts.afterwards}</legend>
        <WordsField
          path={[...path, 'tag']}
          label={texts.addTags}
          value={fields.tag}
          kept={isOnly(fields, 'tag')}
        />
        <MoreActions path={path} fields={fields} />
      </fieldset>
      <LiveFigures id={textOf(fields.id)} sends={fields.send !== undefined} />
    </>
  )
}

/** Makes two variants of a message. Steps of a wait cannot be divided. */
const VariantButton = ({ path, fields }: StepProps) => {
  const store = useStore()
  if (fields.send === undefined || path.includes('meanwhile')) return null
  return (
    <button type="button" class="link-button" onClick={() => addVariant(store, path)}>
      <Icon name="git-branch" />
      {store.texts.addVariant}
    </button>
  )
}

/** What became of this step in the live version. */
const LiveFigures = ({ id, sends }: { id: string; sends: boolean }) => {
  const { texts, figures, data } = useStore()
  if (!sends || !figures || figures.version === null) return null
  const step = Object.hasOwn(figures.steps, id) ? figures.steps[id] : undefined
  const count = new Intl.NumberFormat(data.language)
  return (
    <section class="live-figures">
      <h3>{texts.liveStep(figures.version)}</h3>
      {step ? (
        <dl>
          {(['sent', 'repliedAfter', 'unfollowedAfter', 'couldNot', 'byDesign'] as const).map((name) => (
            <div key={name}>
              <dt>{texts.stepFigures[name]}</dt>
              <dd>{count.format(step[name])}</dd>
            </div>
          ))}
        </dl>
      ) : (
        <p class="quiet">{texts.noFigures}</p>
      )}
    </section>
  )
}

/** What is seldom used, open where the step has some of it. */
const MoreActions = ({ path, fields }: StepProps) => {
  const store = useStore()
  const texts = useTexts()
  const set = (name: string) => (value: unknown) => store.setField([...path, name], value)
  const hasMore = ['untag', 'set', 'webhook', 'handover', 'go', 'typing', 'anytime'].some(
    (name) => name in fields,
  )
  return (
    <details open={hasMore}>
      <summary>{texts.more}</summary>
      <WordsField path={[...path, 'untag']} label={texts.removeTags} value={fields.untag} />
      <FactsField path={[...path, 'set']} value={fields.set} />
      <SelectField
        path={[...path, 'webhook']}
        label={texts.webhook}
        hint={texts.webhookHint}
        value={textOf(fields.webhook)}
        options={optional(texts.none, store.data.webhooks, textOf(fields.webhook))}
        onChange={(next) => set('webhook')(next === '' && !isOnly(fields, 'webhook') ? undefined : next)}
      />
      <TextField
        path={[...path, 'handover']}
        label={texts.handover}
        hint={texts.handoverHint}
        value={fields.handover}
        kept={isOnly(fields, 'handover')}
      />
      <SelectField
        path={[...path, 'go']}
        label={texts.go}
        value={textOf(fields.go)}
        options={[['', texts.none], ...campaignOptions(store, textOf(fields.go))]}
        onChange={(next) => set('go')(next === '' && !isOnly(fields, 'go') ? undefined : next)}
      />
      <TypingField path={path} fields={fields} />
      <CheckField
        path={[...path, 'anytime']}
        label={texts.anytime}
        checked={fields.anytime === true}
        onChange={(on) => set('anytime')(on ? true : undefined)}
      />
      <IdField path={path} value={fields.id} />
    </details>
  )
}

/** Names to choose from, with the one that is written although nobody knows it. */
const optional = (none: string, names: readonly string[], chosen: string) => [
  ['', none] as const,
  ...[...new Set([...names, ...(chosen === '' ? [] : [chosen])])].map((name) => [name, name] as const),
]

const TypingField = ({ path, fields }: StepProps) => {
  const store = useStore()
  const texts = useTexts()
  const typing = textOf(fields.typing)
  const seconds = [1, 2, 3, 4, 5].map((n) => [`${n}s`, texts.seconds(n)] as const)
  const isOther = typing !== '' && !seconds.some(([value]) => value === typing)
  return (
    <SelectField
      path={[...path, 'typing']}
      label={texts.typingSeconds}
      value={typing}
      options={[['', texts.typingNone], ...seconds, ...(isOther ? [[typing, typing] as const] : [])]}
      onChange={(next) => store.setField([...path, 'typing'], next === '' ? undefined : next)}
    />
  )
}

/** The id of a step or a fork. */
export const IdField = ({ path, value }: { path: Path; value: unknown }) => {
  const store = useStore()
  const texts = useTexts()
  return (
    <Field
      path={[...path, 'id']}
      label={texts.id}
      hint={texts.idHint}
      control={(attributes) => (
        <input
          {...attributes}
          value={textOf(value)}
          autocomplete="off"
          onInput={({ currentTarget }) => {
            const id = currentTarget.value
            store.edit((text) => renameItem(text, path, id), { field: keyOf([...path, 'id']) })
          }}
        />
      )}
    />
  )
}

/** Whether a step would do nothing without this field. */
const isOnly = (fields: Card['fields'], name: string): boolean =>
  name in fields &&
  ['send', 'tag', 'untag', 'set', 'webhook', 'handover', 'go'].every((n) => n === name || !(n in fields))
