import { useRef } from 'preact/hooks'
import type { NewKind } from '../../../campaign/editing/new-items.ts'
import type { Path } from '../../../campaign/editing/yaml-edit.ts'
import { MESSAGE_KINDS } from '../../steps/step-words.ts'
import { useStore, useTexts } from './context.ts'
import { Icon } from './icon.tsx'
import { addItem } from './item-actions.ts'

const FORKS: readonly NewKind[] = ['ask', 'condition', 'split']
const ACTIONS: readonly NewKind[] = ['tag', 'set', 'webhook', 'handover', 'go', 'end']

/** A button that shows what can be added at a place. */
export const AddMenu = (props: {
  list: Path
  index: number
  label: string
  stepsOnly?: boolean
  isQuiet?: boolean
}) => {
  const store = useStore()
  const texts = useTexts()
  const details = useRef<HTMLDetailsElement>(null)
  if (!store.data.mayChange) return null
  const group = (title: string, kinds: readonly NewKind[]) => (
    <fieldset>
      <legend>{title}</legend>
      <div class="kinds">
        {kinds.map((kind) => (
          <button
            type="button"
            onClick={() => {
              if (details.current) details.current.open = false
              addItem(store, props.list, props.index, kind)
            }}
          >
            {texts.kinds[kind]}
          </button>
        ))}
      </div>
    </fieldset>
  )
  return (
    <details
      class={props.isQuiet ? 'add quiet-add' : 'add'}
      ref={details}
      onToggle={() => {
        if (details.current?.open) details.current.scrollIntoView({ block: 'nearest' })
      }}
    >
      <summary>
        <Icon name="plus" />
        {props.label}
      </summary>
      <div class="add-kinds">
        {group(texts.addMessages, MESSAGE_KINDS)}
        {props.stepsOnly ? null : group(texts.addForks, FORKS)}
        {group(texts.addActions, props.stepsOnly ? ACTIONS.filter((kind) => kind !== 'end') : ACTIONS)}
      </div>
    </details>
  )
}
