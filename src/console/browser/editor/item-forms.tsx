import type { ComponentChildren } from 'preact'
import { type Card, listOf, textOf } from '../../../campaign/editing/campaign-items.ts'
import { type Path, setField } from '../../../campaign/editing/yaml-edit.ts'
import { campaignPath } from '../../paths.ts'
import { branchWords, forkKind } from '../../steps/step-words.ts'
import { RUN_EVENTS } from '../../texts/event-words.ts'
import { ConditionFields } from './condition-fields.tsx'
import { useStore, useTexts } from './context.ts'
import { EventFields } from './event-fields.tsx'
import { DurationField, IconButton, NumberField, Problems, SelectField, TextField } from './fields.tsx'
import { Icon } from './icon.tsx'
import { addBranch, duplicateCard, moveCard, moveInto, removeCard, targetLists } from './item-actions.ts'
import { IdField, StepForm } from './step-form.tsx'
import { type EditorStore, keyOf } from './store.ts'
import { TimingFields } from './timing-fields.tsx'

/** The form of the chosen card. */
export const ItemForm = ({ card }: { card: Card }) => {
  const texts = useTexts()
  const { kind, path, fields, number } = card
  switch (kind) {
    case 'step':
      return (
        <>
          <FormHead path={path} title={texts.stepTitle(number)} />
          <StepForm path={path} fields={fields} />
        </>
      )
    case 'fork':
      return (
        <>
          <FormHead path={path} title={texts.forkTitle(number)} />
          <ForkForm path={path} fields={fields} />
        </>
      )
    case 'branch':
      return (
        <>
          <FormHead path={path} title={texts.branchTitle} code={textOf(fields.name)} />
          <BranchForm path={path} fields={fields} />
        </>
      )
    default:
      return (
        <>
          <FormHead path={path} title={texts.endCard} />
          <Problems path={path} />
        </>
      )
  }
}

/** The title, and what can be done with the card as a whole. */
const FormHead = ({ path, title, code = '' }: { path: Path; title: string; code?: string }) => {
  const store = useStore()
  const texts = useTexts()
  const index = Number(path.at(-1))
  const isBranch = path.at(-2) === 'branches'
  const targets = isBranch ? [] : targetLists(store, path)
  return (
    <FormTitle title={title} code={code}>
      <IconButton
        icon="arrow-up"
        label={texts.up}
        disabled={index === 0}
        onClick={() => moveCard(store, path, -1)}
      />
      <IconButton icon="arrow-down" label={texts.down} onClick={() => moveCard(store, path, 1)} />
      <IconButton icon="copy" label={texts.duplicate} onClick={() => duplicateCard(store, path)} />
      <IconButton icon="trash" label={texts.remove} onClick={() => removeCard(store, path)} />
      {targets.length > 0 ? (
        <select
          aria-label={texts.into}
          value=""
          onChange={({ currentTarget }) => {
            const target = targets[Number(currentTarget.value)]
            currentTarget.value = ''
            if (target) moveInto(store, path, target.list)
          }}
        >
          <option value="">{texts.intoHint}</option>
          {targets.map(({ label }, i) => (
            <option value={String(i)}>{label}</option>
          ))}
        </select>
      ) : null}
    </FormTitle>
  )
}

/** @param props.children its actions, which somebody who may not change the draft does not see */
export const FormTitle = (props: { title: string; code?: string; children?: ComponentChildren }) => {
  const store = useStore()
  return (
    <header class="form-head">
      <button
        type="button"
        class="icon-button only-phone"
        aria-label={store.texts.close}
        onClick={() => store.set({ isFormOpen: false })}
      >
        <Icon name="chevron-left" />
      </button>
      <h2>
        {props.title} {props.code ? <code translate={false}>{props.code}</code> : null}
      </h2>
      <div class="form-actions">{store.data.mayChange ? props.children : null}</div>
      {store.blockedLine === null ? null : (
        <p class="note amber" role="status">
          <Icon name="triangle-alert" />
          <span>
            {store.texts.inYamlAt(store.blockedLine)}{' '}
            <a href={yamlLine(store, store.blockedLine)}>{store.texts.openYaml}</a>
          </span>
        </p>
      )}
    </header>
  )
}

/** The line of a file in the editor of its text. */
export const yamlLine = ({ data }: EditorStore, line: number): string =>
  `${campaignPath(data.id)}/yaml#line-${line}`

const ForkForm = ({ path, fields }: { path: Path; fields: Card['fields'] }) => {
  const store = useStore()
  const texts = useTexts()
  const kind = forkKind(fields)
  const branches = listOf(fields.branches)
  return (
    <>
      <SelectField
        path={[...path, 'kind']}
        label={texts.forkKind}
        value={kind}
        options={(['on', 'when', 'share'] as const).map((k) => [k, texts.forkKinds[k]] as const)}
        onChange={(next) => store.edit((text) => withKind(text, path, fields, next))}
      />
      {kind === 'on' ? (
        <DurationField path={[...path, 'wait']} label={texts.wait} value={fields.wait} />
      ) : kind === 'when' ? (
        <TimingFields path={path} fields={fields} />
      ) : null}
      <Problems path={[...path, 'branches']} exact={true} />
      <fieldset class="plain">
        <legend>{texts.branches}</legend>
        {branches.map((branch, b) => {
          const at = [...path, 'branches', b]
          return (
            <p class="row" key={b}>
              <button type="button" class="link-button" onClick={() => store.choose(keyOf(at), true)}>
                <Icon name="corner-down-right" />
                {branchWords(branch, b)}
              </button>
            </p>
          )
        })}
        <button type="button" class="link-button" onClick={() => addBranch(store, path, branches)}>
          <Icon name="plus" />
          {texts.addBranch}
        </button>
      </fieldset>
      <IdField path={path} value={fields.id} />
    </>
  )
}

/** The text with a fork of another kind. Names and steps of its branches stay. */
function withKind(text: string, path: Path, fields: Card['fields'], kind: string): string {
  const old = forkKind(fields)
  if (kind === old) return text
  const branches = listOf(fields.branches)
  const share = Math.max(1, Math.floor(100 / (branches.length + 1)))
  const values: Record<string, unknown> = { on: { keywords: [''] }, when: { tag: '' }, share }
  let changed = text
  for (const b of branches.keys()) {
    const at = [...path, 'branches', b]
    changed = setField(setField(changed, [...at, old], undefined), [...at, kind], values[kind])
  }
  const not = kind === 'when' ? OF_WAITS : [...OF_WAITS, ...OF_CONDITIONS]
  if (kind === 'on') return withoutFields(setField(changed, [...path, 'wait'], '24h'), path, OF_CONDITIONS)
  return withoutFields(changed, path, not)
}

/** Fields of forks by events, and of those by conditions. */
const OF_WAITS = ['wait', 'meanwhile'] as const
const OF_CONDITIONS = ['after', 'at', 'day', 'days', 'since'] as const
const withoutFields = (text: string, path: Path, names: readonly string[]) =>
  names.reduce((left, name) => setField(left, [...path, name], undefined), text)

const BranchForm = ({ path, fields }: { path: Path; fields: Card['fields'] }) => {
  const texts = useTexts()
  return (
    <>
      <TextField path={[...path, 'name']} label={texts.branchName} value={fields.name} />
      {fields.on === undefined ? null : (
        <EventFields path={[...path, 'on']} value={fields.on} events={RUN_EVENTS} />
      )}
      {fields.when === undefined ? null : (
        <ConditionFields path={[...path, 'when']} value={fields.when} isBranch={true} />
      )}
      {fields.share === undefined ? null : (
        <NumberField path={[...path, 'share']} label={texts.share} value={fields.share} />
      )}
      <Problems path={path} exact={true} />
    </>
  )
}
