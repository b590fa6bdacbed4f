import { textOf } from '../../../campaign/editing/campaign-items.ts'
import { trackedLink, withTracking } from '../../../campaign/editing/text-tokens.ts'
import type { Path } from '../../../campaign/editing/yaml-edit.ts'
import { useStore, useTexts } from './context.ts'
import { fieldId, TextField } from './fields.tsx'

/** The address of a link card, and the name under which opens of it are counted. */
export const CountedAddress = ({ path, value }: { path: Path; value: unknown }) => {
  const store = useStore()
  const texts = useTexts()
  const text = textOf(value)
  const { url, name } = trackedLink(text) ?? { url: text, name: '' }
  const id = `${fieldId(path)}-counted`
  return (
    <div class="field-pair">
      <TextField
        path={path}
        label={texts.url}
        value={url}
        kept={true}
        written={(typed) => withTracking(typed, name)}
      />
      <div class="field">
        <label for={id}>{texts.countedAs}</label>
        <input
          id={id}
          type="text"
          value={name}
          autocomplete="off"
          aria-describedby={`h-${id}`}
          onInput={({ currentTarget }) =>
            store.setField(path, withTracking(url, currentTarget.value.replace(/['"{}]/g, '')))
          }
        />
        <p class="hint" id={`h-${id}`}>
          {texts.countedHint}
        </p>
      </div>
    </div>
  )
}
