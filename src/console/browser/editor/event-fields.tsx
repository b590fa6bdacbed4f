import { listOf, textOf } from '../../../campaign/editing/campaign-items.ts'
import { type Path, setField } from '../../../campaign/editing/yaml-edit.ts'
import { isRecord } from '../../../shared/is-record.ts'
import { type EventName, eventNameOf } from '../../texts/event-words.ts'
import { useStore, useTexts } from './context.ts'
import { FactTestField } from './fact-fields.tsx'
import { DurationField, IconButton, Problems, SelectField, WordsField } from './fields.tsx'
import { Icon } from './icon.tsx'
import type { EditorStore } from './store.ts'

/** A new event, with the filter that it needs. */
function newEvent(name: string): unknown {
  switch (name) {
    case 'click':
      return { event: name, keys: [''] }
    case 'tag':
      return { event: name, tags: [''] }
    case 'fact':
      return { event: name, facts: { paid: true } }
    case 'link':
      return { event: name, links: [''] }
    case 'window-closing':
      return { event: name, before: '2h' }
    default:
      return { event: name }
  }
}

/** One event, or several of which any counts. */
export const EventFields = (props: { path: Path; value: unknown; events: readonly EventName[] }) => {
  const store = useStore()
  const texts = useTexts()
  const { path, value, events } = props
  const isList = Array.isArray(value)
  const all = isList ? listOf(value) : [value]
  const add = () => {
    const more = newEvent(events[0] ?? 'message')
    store.setField(path, [...all, more])
  }
  return (
    <div class="events">
      {all.map((event, i) => (
        <div class="part" key={i}>
          <OneEvent path={isList ? [...path, i] : path} value={event} events={events} />
          {isList && all.length > 1 ? (
            <IconButton
              icon="x"
              label={texts.removeEvent}
              onClick={() => {
                const left = all.filter((_, n) => n !== i)
                store.setField(path, left.length === 1 ? left[0] : left)
              }}
            />
          ) : null}
        </div>
      ))}
      <Problems path={path} exact={true} />
      <button type="button" class="link-button" onClick={add}>
        <Icon name="plus" />
        {texts.addEvent}
      </button>
    </div>
  )
}

const OneEvent = ({ path, value, events }: { path: Path; value: unknown; events: readonly EventName[] }) => {
  const store = useStore()
  const texts = useTexts()
  const name = eventNameOf(value)
  const fields = isRecord(value) ? value : {}
  const options = [...new Set([...events, name])].map(
    (event) => [event, texts.events[event] ?? event] as const,
  )
  return (
    <div class="fields">
      <SelectField
        path={[...path, 'event']}
        label={texts.event}
        value={name}
        options={options}
        onChange={(next) => store.setField(path, newEvent(next))}
      />
      <EventFilter path={path} name={name} fields={fields} />
    </div>
  )
}

/** What an empty field means depends on how it became so: a new branch has keywords to fill in. */
function keywordsHint(texts: EditorStore['texts'], keywords: unknown): string {
  if (keywords === undefined) return texts.anyMessageHint
  return listOf(keywords).some((word) => textOf(word) !== '') ? texts.keywordsSetHint : texts.keywordsHint
}

const EventFilter = ({
  path,
  name,
  fields,
}: {
  path: Path
  name: EventName
  fields: Readonly<Record<string, unknown>>
}) => {
  const store = useStore()
  const texts = useTexts()
  // Without a filter, the event must be named.
  const onEmpty = (filter: string) => () =>
    store.edit((text) => {
      const named = setField(text, [...path, 'event'], name)
      const without = setField(named, [...path, filter], undefined)
      return filter === 'keywords' ? setField(without, [...path, 'match'], undefined) : without
    })
  const words = (filter: string, label: string, hint?: string, kept = true) => (
    <WordsField
      path={[...path, filter]}
      label={label}
      value={fields[filter]}
      kept={kept}
      {...(hint === undefined ? {} : { hint })}
      {...(kept ? {} : { onEmpty: onEmpty(filter) })}
    />
  )
  switch (name) {
    case 'message':
      return (
        <>
          {words('keywords', texts.keywords, keywordsHint(texts, fields.keywords), false)}
          {fields.keywords === undefined ? null : (
            <SelectField
              path={[...path, 'match']}
              label={texts.match}
              value={textOf(fields.match) || 'exact'}
              options={(['exact', 'prefix', 'contains'] as const).map((m) => [m, texts.matches[m]] as const)}
              onChange={(match) => store.setField([...path, 'match'], match === 'exact' ? undefined : match)}
            />
          )}
        </>
      )
    case 'click':
      return words('keys', texts.keys)
    case 'subscribe':
    case 'scan':
      return words('qrScenes', texts.qrScenes, texts.scenesHint, false)
    case 'tag':
      return words('tags', texts.tagName)
    case 'link':
      return words('links', texts.links)
    case 'fact':
      return <FactTestField path={[...path, 'facts']} value={fields.facts} />
    case 'window-closing':
      return <DurationField path={[...path, 'before']} label={texts.before} value={fields.before} />
    default:
      return null
  }
}
