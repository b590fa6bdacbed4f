import { useEffect, useState } from 'preact/hooks'
import type { Language } from '../../ui/bilingual.ts'
import type { ActionField, ListedAction } from '../phone/view-types.ts'
import type { PhoneState } from './phone-store.ts'
import { request } from './requests.ts'
import { useStore } from './store-context.ts'

const GROUPS = ['message', 'menu', 'follower', 'agent', 'notice'] as const

/** Every action of the catalogue, with its fields. */
export const ActionForm = ({ phone }: { phone: PhoneState }) => {
  const store = useStore()
  const { texts, data } = store
  const [actions, setActions] = useState<ListedAction[]>([])
  const [name, setName] = useState('location')
  useEffect(() => {
    const load = async () =>
      setActions((await request<{ items: ListedAction[] }>('/_sim/acts', undefined, 'GET')).items)
    void load().catch((err: Error) => {
      phone.problem = err.message
    })
  }, [])
  const chosen = actions.find((a) => a.name === name)
  const send = (event: SubmitEvent) => {
    event.preventDefault()
    if (!(event.currentTarget instanceof HTMLFormElement)) return
    void act(event.currentTarget)
  }
  const act = async (form: HTMLFormElement) => {
    const fields: Record<string, unknown> = {}
    try {
      for (const [field, value] of new FormData(form))
        if (field !== 'do' && value !== '') fields[field] = fieldValue(String(value), typeOf(chosen, field))
      await store.act(phone, { do: name, ...fields })
    } catch (err) {
      phone.problem = (err as Error).message
    }
  }
  return (
    <details class="card more-actions">
      <summary>
        <h2>{texts.actions}</h2>
        <span class="quiet">{texts.actionsHint}</span>
      </summary>
      <form id="actions" onSubmit={send}>
        <label class="action-field">
          <span>{texts.action}</span>
          <select
            id="action"
            name="do"
            value={name}
            onChange={({ currentTarget }) => setName(currentTarget.value)}
          >
            {GROUPS.map((group) => (
              <optgroup key={group} label={texts.groups[group]}>
                {actions
                  .filter((a) => a.group === group)
                  .map((a) => (
                    <option key={a.name} value={a.name}>
                      {data.language === 'zh' ? a.zh : a.en}
                    </option>
                  ))}
              </optgroup>
            ))}
          </select>
        </label>
        <div class="action-fields" key={name}>
          {Object.entries(chosen?.fields.properties ?? {}).map(([field, schema]) => (
            <Field
              key={field}
              name={field}
              schema={schema}
              language={data.language}
              isRequired={chosen?.fields.required?.includes(field) ?? false}
            />
          ))}
        </div>
        <button type="submit">{texts.trigger}</button>
      </form>
    </details>
  )
}

interface FieldProps {
  name: string
  schema: ActionField
  language: Language
  isRequired: boolean
}

const Field = ({ name, schema, language, isRequired }: FieldProps) => {
  const id = `action-${name}`
  return (
    <div class="action-field">
      <label for={id}>
        {titleOf(name, schema, language)}
        {isRequired ? ' *' : ''}
      </label>
      {schema.enum ? (
        <select id={id} name={name}>
          {schema.enum.map((value) => (
            <option key={value} value={value} selected={value === schema.default}>
              {value}
            </option>
          ))}
        </select>
      ) : (
        <input id={id} name={name} defaultValue={String(schema.default ?? (isObject(schema) ? '{}' : ''))} />
      )}
    </div>
  )
}

/** Titles are Chinese words followed by WeChat's name of the field. */
function titleOf(name: string, { title = name }: ActionField, language: Language): string {
  return language === 'zh' ? title : title.replaceAll(/[^\x20-\x7e]+/g, '').trim() || name
}

const isObject = ({ type }: ActionField) => type === undefined || type === 'object'
const typeOf = (action: ListedAction | undefined, field: string) =>
  action?.fields.properties?.[field] ?? { type: 'string' }

/** A number stays a number. @throws SyntaxError when a field of fields is not JSON */
function fieldValue(text: string, schema: ActionField): unknown {
  if (schema.type === 'number' || schema.type === 'integer') return Number(text)
  return isObject(schema) && !schema.enum ? JSON.parse(text) : text
}
