import { type Context, Hono } from 'hono'
import { type Child, createContext, useContext } from 'hono/jsx'
import type { Reason } from '../callbacks/callback-url.ts'
import {
  createAccount,
  createPlatform,
  SettingsError,
  setPlatformServer,
  setServer,
} from '../callbacks/server-config.ts'
import type { ComponentState } from '../platform/component-state.ts'
import type { SimulatedWechat } from '../simulated-wechat.ts'
import type { SimAccountState } from '../state/model.ts'
import { SERVER_TEXTS } from './accounts-texts.ts'
import { NotFoundPage, Page } from './shell.tsx'
import { respond, Say, useText } from './view.tsx'

type Form = Record<string, string>
interface Message extends Reason {
  good: boolean
  /** What is wrong with which field. */
  fields?: Readonly<Record<string, Reason>>
}
interface Options {
  consoleUrl: string | null
  onPlatform: (component: ComponentState) => void
}

const MODES = ['plain', 'compatible', 'security'] as const
const FORMATS = [
  ['xml', 'XML'],
  ['json', 'JSON'],
] as const

/** 服务器配置: the forms that set the callback server of an account or a platform, and create accounts and platforms. */
export function createServerPages(wechat: SimulatedWechat, options: Options): Hono {
  const app = new Hono()
  accountForms(app, wechat, options)
  platformForms(app, wechat, options)
  return app
}

function accountForms(app: Hono, wechat: SimulatedWechat, { consoleUrl }: Options): void {
  app.get('/accounts/new', (c) =>
    respond(c, <NewAccount consoleUrl={consoleUrl} form={{ mode: 'security', format: 'xml' }} />),
  )
  app.post('/accounts/new', async (c) => {
    const form = await formOf(c)
    try {
      const { account } = await createAccount(wechat, {
        ...pick(form, ['appId', 'name', 'token', 'encodingAesKey']),
        ...choices(form),
        callbackUrl: form.callbackUrl || null,
      })
      return c.redirect(`/accounts/${account.appId}/server?made=1`)
    } catch (err) {
      return respond(c, <NewAccount consoleUrl={consoleUrl} form={form} message={messageOf(err)} />, 400)
    }
  })
  app.get('/accounts/:appId/server', (c) => {
    const account = wechat.accounts.get(c.req.param('appId'))
    if (!account) return respond(c, <MissingPage consoleUrl={consoleUrl} />, 404)
    const message = c.req.query('saved') || c.req.query('made') ? savedMessage(account) : undefined
    return respond(c, pageOf(c, account, settingsOf(account), message))
  })
  app.post('/accounts/:appId/server', async (c) => {
    const account = wechat.accounts.get(c.req.param('appId'))
    if (!account) return respond(c, <MissingPage consoleUrl={consoleUrl} />, 404)
    const form = await formOf(c)
    try {
      await setServer(wechat, account.appId, {
        callbackUrl: form.callbackUrl || null,
        ...pick(form, ['token']),
        encodingAesKey: form.encodingAesKey || null,
        ...choices(form),
      })
      return c.redirect(`/accounts/${account.appId}/server?saved=1`)
    } catch (err) {
      return respond(c, pageOf(c, account, form, messageOf(err)), 400)
    }
  })

  function pageOf(c: Context, account: SimAccountState, form: Form, message?: Message) {
    const served = wechat.servedBy(account)
    const platform = served.by === 'platform' ? served.appId : null
    const api = new URL(c.req.url).origin
    return <AccountServer {...{ account, form, message, api, platform, consoleUrl }} />
  }
}

function platformForms(app: Hono, wechat: SimulatedWechat, { consoleUrl, onPlatform }: Options): void {
  app.get('/platforms/new', (c) =>
    respond(c, <PlatformServer consoleUrl={consoleUrl} form={{}} appId={null} />),
  )
  app.post('/platforms/new', async (c) => {
    const form = await formOf(c)
    try {
      const value = (name: string) => form[name] ?? ''
      const settings = {
        appId: value('appId'),
        appSecret: value('appSecret'),
        token: value('token'),
        aesKey: value('aesKey'),
        authorisationUrl: value('authorisationUrl'),
        callbackUrl: value('callbackUrl'),
      }
      const { component, push } = await createPlatform(wechat, settings)
      onPlatform(component)
      return c.redirect(
        `/platforms/${component.options.appId}/server?ticket=${push.ok ? 'taken' : 'refused'}`,
      )
    } catch (err) {
      return respond(
        c,
        <PlatformServer consoleUrl={consoleUrl} form={form} appId={null} message={messageOf(err)} />,
        400,
      )
    }
  })
  app.get('/platforms/:appId/server', (c) => {
    const component = wechat.components.get(c.req.param('appId'))
    if (!component) return respond(c, <MissingPage consoleUrl={consoleUrl} />, 404)
    const message = ticketMessage(c.req.query('ticket'))
    const { appId, appSecret, token, authorisationUrl, callbackUrl } = component.options
    const form = { appId, appSecret, token, aesKey: component.aesKey, authorisationUrl, callbackUrl }
    return respond(c, <PlatformServer {...{ consoleUrl, form, appId, message }} />)
  })
  app.post('/platforms/:appId/server', async (c) => {
    const component = wechat.components.get(c.req.param('appId'))
    if (!component) return respond(c, <MissingPage consoleUrl={consoleUrl} />, 404)
    const { appId } = component.options
    const form = await formOf(c)
    try {
      const settings = pick(form, ['authorisationUrl', 'callbackUrl', 'token', 'aesKey'])
      const push = await setPlatformServer(wechat, component, settings)
      return c.redirect(`/platforms/${appId}/server?ticket=${push.ok ? 'taken' : 'refused'}`)
    } catch (err) {
      return respond(c, <PlatformServer {...{ consoleUrl, form, appId }} message={messageOf(err)} />, 400)
    }
  })
}

async function formOf(c: Context): Promise<Form> {
  const body = await c.req.parseBody()
  return Object.fromEntries(Object.entries(body).map(([name, value]) => [name, String(value).trim()]))
}

function pick<Name extends string>(form: Form, names: readonly Name[]): { [N in Name]?: string } {
  const filled = names.flatMap((name) => (form[name] ? [[name, form[name]] as const] : []))
  // Its keys are a subset of `names`.
  return Object.fromEntries(filled) as { [N in Name]?: string }
}

function choices(form: Form): { mode: 'plain' | 'compatible' | 'security'; format: 'xml' | 'json' } {
  const mode = MODES.find((value) => value === form.mode) ?? 'plain'
  return { mode, format: form.format === 'json' ? 'json' : 'xml' }
}

function settingsOf({ callbackUrl, token, encodingAesKey, mode, format }: SimAccountState): Form {
  return { callbackUrl: callbackUrl ?? '', token, encodingAesKey: encodingAesKey ?? '', mode, format }
}

function messageOf(err: unknown): Message {
  if (err instanceof SettingsError) return { ...err.reason, fields: err.fields, good: false }
  throw err
}

function savedMessage({ callbackUrl }: SimAccountState): Message {
  return callbackUrl === null
    ? { good: true, zh: '已保存。未填写 URL，不会推送消息', en: 'saved; nothing is pushed without a URL' }
    : { good: true, zh: 'URL 验证通过，已保存', en: 'saved; the server passed the check' }
}

function ticketMessage(ticket: string | undefined): Message | undefined {
  if (ticket === 'taken')
    return { good: true, zh: '已保存，ticket 推送成功', en: 'saved; the server accepted the ticket' }
  if (ticket === undefined) return undefined
  return {
    good: false,
    zh: '已保存，但 ticket 推送失败：服务器未在 5 秒内返回 success',
    en: 'saved, but the server did not answer the ticket with success within 5 s',
  }
}

const MissingPage = ({ consoleUrl }: { consoleUrl: string | null }) => (
  <NotFoundPage text={useText(SERVER_TEXTS).missing} consoleUrl={consoleUrl} />
)

interface FieldProps {
  name: string
  title: string
  form: Form
  hint?: string
  readonly?: boolean
}

/** The problems of the fields of a form that was refused. */
const ProblemsContext = createContext<Readonly<Record<string, Reason>>>({})

const Field = ({ name, title, form, hint, readonly }: FieldProps) => {
  const problem = useContext(ProblemsContext)[name]
  return (
    <label class={problem ? 'field wrong' : undefined}>
      <span>{title}</span>
      <input
        name={name}
        value={form[name] ?? ''}
        readonly={readonly}
        autocomplete="off"
        spellcheck={false}
        aria-invalid={problem ? 'true' : undefined}
      />
      {hint ? <span class="quiet">{hint}</span> : null}
      {problem ? (
        <span class="problem">
          <Say {...problem} />
        </span>
      ) : null}
    </label>
  )
}

interface ChoiceProps {
  name: string
  title: string
  values: readonly (readonly [value: string, label: string])[]
  form: Form
}

const ChoiceField = ({ name, title, values, form }: ChoiceProps) => (
  <fieldset>
    <legend>{title}</legend>
    {values.map(([value, label]) => (
      <label class="option">
        <input type="radio" name={name} value={value} checked={form[name] === value} />
        {label}
      </label>
    ))}
  </fieldset>
)

const Notice = ({ message }: { message?: Message | undefined }) => {
  const { refused } = useText(SERVER_TEXTS)
  if (!message) return null
  const areFieldsWrong = Object.keys(message.fields ?? {}).length > 0
  return (
    <p class={message.good ? 'notice-line good' : 'notice-line bad'} role={message.good ? 'status' : 'alert'}>
      {areFieldsWrong ? refused : <Say {...message} />}
    </p>
  )
}

const ServerFields = ({ form }: { form: Form }) => {
  const texts = useText(SERVER_TEXTS)
  return (
    <>
      <Field name="callbackUrl" title={texts.url} form={form} hint={texts.urlHint} />
      <Field name="token" title="Token" form={form} hint={texts.tokenHint} />
      <Field name="encodingAesKey" title="EncodingAESKey" form={form} hint={texts.keyHint} />
      <ChoiceField
        name="mode"
        title={texts.mode}
        values={MODES.map((mode) => [mode, texts.modes[mode]])}
        form={form}
      />
      <ChoiceField name="format" title={texts.format} values={FORMATS} form={form} />
    </>
  )
}

interface AccountServerProps {
  account: SimAccountState
  form: Form
  message: Message | undefined
  /** URL of the simulator's API, as the browser reaches it. */
  api: string
  platform: string | null
  consoleUrl: string | null
}

const AccountServer = ({ account, form, message, api, platform, consoleUrl }: AccountServerProps) => {
  const texts = useText(SERVER_TEXTS)
  return (
    <Page
      title={texts.title}
      at="accounts"
      hint={<span translate="no">{account.name}</span>}
      consoleUrl={consoleUrl}
    >
      <section class="card narrow-form">
        <Notice message={message} />
        {platform ? (
          <p class="note amber">
            <span>
              {texts.authorised} <code translate="no">{platform}</code>
            </span>
          </p>
        ) : null}
        <form method="post" action={`/accounts/${account.appId}/server`}>
          <ProblemsContext.Provider value={message?.fields ?? {}}>
            <ServerFields form={form} />
          </ProblemsContext.Provider>
          <p class="quiet">{texts.check}</p>
          <button type="submit" class="main">
            {texts.submit}
          </button>
        </form>
      </section>
      <section class="card narrow-form">
        <h2>{texts.forSdk}</h2>
        <dl class="for-sdk">
          <Fact name={texts.apiBase} value={api} />
          <Fact name="AppID" value={account.appId} />
          <Fact name="AppSecret" value={account.appSecret} />
          <Fact name={texts.originalId} value={account.originalId} />
        </dl>
        <a class="button" href={`/phone/${account.appId}`}>
          {texts.openPhone}
        </a>
      </section>
    </Page>
  )
}

const Fact = ({ name, value }: { name: string; value: string }) => (
  <>
    <dt>{name}</dt>
    <dd>
      <code translate="no">{value}</code>
    </dd>
  </>
)

const FormPage = (props: {
  title: string
  action: string
  consoleUrl: string | null
  message?: Message | undefined
  children: Child
}) => (
  <Page title={props.title} at="accounts" consoleUrl={props.consoleUrl}>
    <section class="card narrow-form">
      <Notice message={props.message} />
      <form method="post" action={props.action}>
        <ProblemsContext.Provider value={props.message?.fields ?? {}}>
          {props.children}
        </ProblemsContext.Provider>
        <button type="submit" class="main">
          {useText(SERVER_TEXTS).submit}
        </button>
      </form>
    </section>
  </Page>
)

interface NewAccountProps {
  consoleUrl: string | null
  form: Form
  message?: Message
}

const NewAccount = ({ consoleUrl, form, message }: NewAccountProps) => {
  const texts = useText(SERVER_TEXTS)
  return (
    <FormPage title={texts.newAccount} action="/accounts/new" consoleUrl={consoleUrl} message={message}>
      <p class="quiet">{texts.emptyFields}</p>
      <Field name="name" title={texts.name} form={form} />
      <Field name="appId" title="AppID" form={form} hint={texts.startsWithWx} />
      <ServerFields form={form} />
      <p class="quiet">{texts.check}</p>
    </FormPage>
  )
}

interface PlatformProps {
  consoleUrl: string | null
  form: Form
  /** null: a new platform. */
  appId: string | null
  message?: Message | undefined
}

const PlatformServer = ({ consoleUrl, form, appId, message }: PlatformProps) => {
  const texts = useText(SERVER_TEXTS)
  const isNew = appId === null
  return (
    <FormPage
      title={isNew ? texts.newPlatform : texts.platform}
      action={isNew ? '/platforms/new' : `/platforms/${appId}/server`}
      consoleUrl={consoleUrl}
      message={message}
    >
      <Field name="appId" title="AppID" form={form} readonly={!isNew} />
      <Field name="appSecret" title="AppSecret" form={form} readonly={!isNew} />
      <Field name="authorisationUrl" title={texts.authorisationUrl} form={form} />
      <Field name="callbackUrl" title={texts.callbackUrl} form={form} hint={texts.callbackHint} />
      <Field name="token" title={texts.token} form={form} hint={texts.tokenHint} />
      <Field name="aesKey" title={texts.key} form={form} hint={texts.platformKeyHint} />
      <p class="quiet">{texts.ticket}</p>
    </FormPage>
  )
}
