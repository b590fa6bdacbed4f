import { useEffect, useRef, useState } from 'preact/hooks'
import { type Fields, listOf, textOf } from '../../../campaign/editing/campaign-items.ts'
import { newMessage } from '../../../campaign/editing/new-items.ts'
import {
  linkToken,
  tokenBefore,
  tokenChoices,
  withLiquid,
  withTokens,
} from '../../../campaign/editing/text-tokens.ts'
import { insertItem, type Path, removeItem, setField } from '../../../campaign/editing/yaml-edit.ts'
import type { MessageKind } from '../../../campaign/message-model.ts'
import { isRecord } from '../../../shared/is-record.ts'
import { excerptOf, kindOfMessage, MESSAGE_KINDS } from '../../steps/step-words.ts'
import { useStore, useTexts } from './context.ts'
import { CountedAddress } from './counted-address.tsx'
import { Field, IconButton, Problems, TextField } from './fields.tsx'
import { Icon } from './icon.tsx'
import { MediumField } from './medium-field.tsx'

const hasMedium = (kind: MessageKind) => kind === 'image' || kind === 'voice' || kind === 'video'
const REPLY_KINDS = ['text', 'image', 'news', 'voice', 'video', 'music'] as const

/** Forms of the messages of a step: one, or a list. */
export const Messages = ({ path, value }: { path: Path; value: unknown }) => {
  const store = useStore()
  const texts = useTexts()
  const isList = Array.isArray(value)
  const messages = isList ? listOf(value) : value === undefined ? [] : [value]
  const add = () =>
    store.edit((text) => {
      if (messages.length === 0) return setField(text, path, newMessage('text'))
      if (!isList) return setField(text, path, [value, newMessage('text')])
      return insertItem(text, path, messages.length, newMessage('text'))
    })
  return (
    <>
      {messages.map((message, i) => (
        <MessageForm
          key={i}
          path={isList ? [...path, i] : path}
          value={message}
          title={messages.length > 1 ? texts.message(i + 1) : texts.what}
          onRemove={() =>
            store.edit((text) =>
              isList && messages.length > 1
                ? removeItem(text, [...path, i])
                : setField(text, path, undefined),
            )
          }
        />
      ))}
      <Problems path={path} exact={true} />
      {messages.length < 5 ? (
        <button type="button" class="link-button" onClick={add}>
          <Icon name="plus" />
          {messages.length === 0 ? texts.addFirstMessage : texts.addMessage}
        </button>
      ) : null}
    </>
  )
}

/** The form of one message: its kind, and the fields of the kind. */
export const MessageForm = (props: {
  path: Path
  value: unknown
  title: string
  isReply?: boolean
  onRemove?: () => void
}) => {
  const store = useStore()
  const texts = useTexts()
  const { path, title } = props
  const message = isRecord(props.value) ? props.value : {}
  const kind = kindOfMessage(message)
  const kinds = props.isReply ? REPLY_KINDS : MESSAGE_KINDS
  const changeKind = (next: MessageKind) => {
    store.forgetLeft(path)
    // A file is no text of another message.
    store.setField(path, newMessage(next, hasMedium(kind) ? '' : excerptOf(message)))
  }
  return (
    <fieldset class="message-form">
      <legend>{title}</legend>
      {props.onRemove ? (
        <IconButton icon="trash" label={`${texts.remove} · ${title}`} onClick={props.onRemove} />
      ) : null}
      <div class="kinds">
        {kinds.map((k) => (
          <button
            type="button"
            class={k === kind ? 'on' : ''}
            aria-pressed={k === kind}
            onClick={() => k !== kind && changeKind(k)}
          >
            {texts.kinds[k]}
          </button>
        ))}
      </div>
      <KindFields path={[...path, kind]} kind={kind} body={message[kind]} isReply={props.isReply ?? false} />
      {props.isReply ? null : (
        <details open={message.as !== undefined}>
          <summary>{texts.moreOfMessage}</summary>
          <TextField path={[...path, 'as']} label={texts.as} hint={texts.asHint} value={message.as} />
        </details>
      )}
      <Problems path={path} exact={true} />
    </fieldset>
  )
}

const KindFields = (props: { path: Path; kind: MessageKind; body: unknown; isReply: boolean }) => {
  const texts = useTexts()
  const { path, kind, body } = props
  const fields = isRecord(body) ? body : {}
  const line = (name: string, label: string, kept = true) => (
    <TextField path={[...path, name]} label={label} value={fields[name]} kept={kept} />
  )
  const template = (name: string, label: string) => (
    <TemplateField path={[...path, name]} label={label} value={fields[name]} rows={2} />
  )
  switch (kind) {
    case 'text':
      return (
        <TemplateField
          path={path}
          label={texts.text}
          value={body}
          rows={5}
          counts={true}
          links={!props.isReply}
        />
      )
    case 'image':
    case 'voice':
      return <MediumField path={path} name="file" label={texts.kinds[kind]} fields={fields} type={kind} />
    case 'video':
      return (
        <>
          <MediumField path={path} name="file" label={texts.kinds.video} fields={fields} type="video" />
          <MediumField path={path} name="thumb" label={texts.thumb} fields={fields} type="thumb" />
          {line('title', texts.title, false)}
          {line('description', texts.description, false)}
        </>
      )
    case 'music':
      return (
        <>
          {line('title', texts.title)}
          {line('description', texts.description)}
          {line('url', texts.url)}
          {line('hqUrl', texts.hqUrl, false)}
          <MediumField path={path} name="thumb" label={texts.thumb} fields={fields} type="thumb" />
        </>
      )
    case 'news':
      return (
        <>
          {template('title', texts.title)}
          {template('description', texts.description)}
          <CountedAddress path={[...path, 'url']} value={fields.url} />
          {line('picurl', texts.picurl)}
        </>
      )
    case 'menu':
      return <MenuFields path={path} fields={fields} />
    case 'miniprogram':
      return (
        <>
          {line('title', texts.title)}
          {line('appId', texts.appId)}
          {line('path', texts.path)}
          <MediumField path={path} name="thumb" label={texts.thumb} fields={fields} type="thumb" />
        </>
      )
    default:
      return line('id', texts.articleId)
  }
}

const MenuFields = ({ path, fields }: { path: Path; fields: Fields }) => {
  const store = useStore()
  const texts = useTexts()
  const items = listOf(fields.items)
  const list = [...path, 'items']
  return (
    <>
      <TemplateField path={[...path, 'head']} label={texts.head} value={fields.head} rows={2} />
      <fieldset class="plain">
        <legend>{texts.items}</legend>
        {items.map((item, i) => {
          const at = [...list, i]
          const row = isRecord(item) ? item : {}
          return (
            <div class="menu-item" key={i}>
              <TextField path={[...at, 'id']} label={texts.itemId} value={row.id} kept={true} />
              <TextField path={[...at, 'text']} label={texts.itemText} value={row.text} kept={true} />
              {items.length > 1 ? (
                <IconButton
                  icon="x"
                  label={`${texts.remove} ${textOf(row.text)}`}
                  onClick={() => store.edit((text) => removeItem(text, at))}
                />
              ) : null}
            </div>
          )
        })}
        <button
          type="button"
          class="link-button"
          onClick={() =>
            store.edit((text) =>
              insertItem(text, list, items.length, { id: String(items.length + 1), text: '' }),
            )
          }
        >
          <Icon name="plus" />
          {texts.addItem}
        </button>
      </fieldset>
      <TemplateField
        path={[...path, 'tail']}
        label={texts.tail}
        value={fields.tail}
        rows={2}
        optional={true}
      />
    </>
  )
}

const bytesOf = (text: string) => new TextEncoder().encode(text).length

/** A text with variables as tokens, and a menu that inserts them. */
const TemplateField = (props: {
  path: Path
  label: string
  value: unknown
  rows: number
  counts?: boolean
  optional?: boolean
  /** Whether links in it can be counted. */
  links?: boolean
}) => {
  const store = useStore()
  const texts = useTexts()
  const area = useRef<HTMLTextAreaElement>(null)
  const { path, optional = false } = props
  const { language, accounts } = store.data
  const value = textOf(props.value)
  const [typed, setTyped] = useState(withTokens(value, language))
  // What was typed stays as it is, except where the file has changed otherwise, as by undoing.
  useEffect(() => {
    if (withLiquid(typed) !== value) setTyped(withTokens(value, language))
  }, [value])
  const write = (text: string) => {
    setTyped(text)
    store.setField(path, text === '' && optional ? undefined : withLiquid(text))
  }
  const insert = (choice: string) => {
    const element = area.current
    const token = choice === texts.insertLink ? linkToken(language, linkNumber(store.fields)) : choice
    const start = element?.selectionStart ?? typed.length
    const end = element?.selectionEnd ?? typed.length
    write(typed.slice(0, start) + token + typed.slice(end))
    // The address of a link is typed before its last bracket.
    const caret = start + token.length - (choice === texts.insertLink ? 1 : 0)
    requestAnimationFrame(() => {
      element?.focus()
      element?.setSelectionRange(caret, caret)
    })
  }
  const variables = [...new Set(accounts.flatMap((account) => account.variables))]
  return (
    <Field
      {...props}
      control={(attributes) => (
        <>
          <textarea
            {...attributes}
            ref={area}
            rows={props.rows}
            value={typed}
            onInput={({ currentTarget }) => write(currentTarget.value)}
            onKeyDown={(event) => {
              const { selectionStart: at, selectionEnd } = event.currentTarget
              const start = event.key === 'Backspace' && at === selectionEnd ? tokenBefore(typed, at) : -1
              if (start < 0) return
              event.preventDefault()
              write(typed.slice(0, start) + typed.slice(at))
              const element = event.currentTarget
              requestAnimationFrame(() => element.setSelectionRange(start, start))
            }}
          />
          <div class="tokens">
            <TokenMenu
              label={props.label}
              choices={[
                ...tokenChoices(language, { variables, facts: factNames(store.fields) }),
                ...(props.links ? [texts.insertLink] : []),
              ]}
              onPick={insert}
            />
            {props.counts ? <span class="quiet">{texts.bytes(bytesOf(value))}</span> : null}
          </div>
        </>
      )}
    />
  )
}

const TokenMenu = (props: { label: string; choices: readonly string[]; onPick: (token: string) => void }) => {
  const texts = useTexts()
  return (
    <select
      class="token-menu"
      aria-label={`${texts.insertVariable} · ${props.label}`}
      value=""
      onChange={({ currentTarget }) => {
        if (currentTarget.value !== '') props.onPick(currentTarget.value)
        currentTarget.value = ''
      }}
    >
      <option value="">{texts.insertVariable}</option>
      {props.choices.map((token) => (
        <option value={token}>{token}</option>
      ))}
    </select>
  )
}

/** The number of the next link without a name of its own. */
const linkNumber = (fields: Fields): number => (JSON.stringify(fields).match(/track: '/g) ?? []).length + 1

/** The facts that steps of the file write. */
function factNames(fields: Fields): string[] {
  const names = new Set<string>()
  const walk = (value: unknown): void => {
    if (Array.isArray(value)) for (const item of value) walk(item)
    else if (isRecord(value))
      for (const [key, inner] of Object.entries(value)) {
        if ((key === 'set' || key === 'facts') && isRecord(inner))
          for (const name of Object.keys(inner)) names.add(name)
        else walk(inner)
      }
  }
  walk(fields)
  return [...names].filter((name) => /^[A-Za-z]\w*$/.test(name)).slice(0, 30)
}
