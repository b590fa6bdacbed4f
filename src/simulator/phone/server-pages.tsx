import { type Context, Hono } from 'hono'
import type { Child } from 'hono/jsx'
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
import { Layout } from './layout.tsx'

type Form = Record<string, string>
interface Message extends Reason {
  good: boolean
}
interface Options {
  consoleUrl: string | null
  onPlatform: (component: ComponentState) => void
}

const MODES = [
  ['plain', '明文模式', 'plain'],
  ['compatible', '兼容模式', 'compatible'],
  ['security', '安全模式', 'security'],
] as const
const FORMATS = [
  ['xml', 'XML', ''],
  ['json', 'JSON', ''],
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
    c.html(<NewAccount consoleUrl={consoleUrl} form={{ mode: 'security', format: 'xml' }} />),
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
      return c.html(<NewAccount consoleUrl={consoleUrl} form={form} message={messageOf(err)} />, 400)
    }
  })
  app.get('/accounts/:appId/server', (c) => {
    const account = wechat.accounts.get(c.req.param('appId'))
    if (!account) return c.text('找不到该公众号 / the account does not exist', 404)
    const message = c.req.query('saved') || c.req.query('made') ? savedMessage(account) : undefined
    return c.html(pageOf(c, account, settingsOf(account), message))
  })
  app.post('/accounts/:appId/server', async (c) => {
    const account = wechat.accounts.get(c.req.param('appId'))
    if (!account) return c.text('找不到该公众号 / the account does not exist', 404)
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
      return c.html(pageOf(c, account, form, messageOf(err)), 400)
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
  app.get('/platforms/new', (c) => c.html(<PlatformServer consoleUrl={consoleUrl} form={{}} appId={null} />))
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
      return c.html(
        <PlatformServer consoleUrl={consoleUrl} form={form} appId={null} message={messageOf(err)} />,
        400,
      )
    }
  })
  app.get('/platforms/:appId/server', (c) => {
    const component = wechat.components.get(c.req.param('appId'))
    if (!component) return c.text('找不到该第三方平台 / the platform does not exist', 404)
    const message = ticketMessage(c.req.query('ticket'))
    const { appId, appSecret, token, authorisationUrl, callbackUrl } = component.options
    const form = { appId, appSecret, token, aesKey: component.aesKey, authorisationUrl, callbackUrl }
    return c.html(<PlatformServer {...{ consoleUrl, form, appId, message }} />)
  })
  app.post('/platforms/:appId/server', async (c) => {
    const component = wechat.components.get(c.req.param('appId'))
    if (!component) return c.text('找不到该第三方平台 / the platform does not exist', 404)
    const { appId } = component.options
    const form = await formOf(c)
    try {
      const settings = pick(form, ['authorisationUrl', 'callbackUrl', 'token', 'aesKey'])
      const push = await setPlatformServer(wechat, component, settings)
      return c.redirect(`/platforms/${appId}/server?ticket=${push.ok ? 'taken' : 'refused'}`)
    } catch (err) {
      return c.html(<PlatformServer {...{ consoleUrl, form, appId }} message={messageOf(err)} />, 400)
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
  const mode = MODES.find(([value]) => value === form.mode)?.[0] ?? 'plain'
  return { mode, format: form.format === 'json' ? 'json' : 'xml' }
}

function settingsOf({ callbackUrl, token, encodingAesKey, mode, format }: SimAccountState): Form {
  return { callbackUrl: callbackUrl ?? '', token, encodingAesKey: encodingAesKey ?? '', mode, format }
}

function messageOf(err: unknown): Message {
  if (err instanceof SettingsError) return { ...err.reason, good: false }
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

interface FieldProps {
  name: string
  zh: string
  en: string
  form: Form
  hint?: string
  readonly?: boolean
  type?: string
}

const Field = ({ name, zh, en, form, hint, readonly, type }: FieldProps) => (
  <label>
    <span>
      {zh} <small>{en}</small>
    </span>
    <input
      name={name}
      value={form[name] ?? ''}
      readonly={readonly}
      type={type ?? 'text'}
      autocomplete="off"
      spellcheck={false}
    />
    {hint ? <small>{hint}</small> : null}
  </label>
)

interface ChoiceProps {
  name: string
  zh: string
  en: string
  values: readonly (readonly [string, string, string])[]
  form: Form
}

const ChoiceField = ({ name, zh, en, values, form }: ChoiceProps) => (
  <fieldset>
    <legend>
      {zh} <small>{en}</small>
    </legend>
    {values.map(([value, label, small]) => (
      <label class="option">
        <input type="radio" name={name} value={value} checked={form[name] === value} />
        {label} <small>{small}</small>
      </label>
    ))}
  </fieldset>
)

const Notice = ({ message }: { message?: Message | undefined }) =>
  message ? (
    <p
      class={message.good ? 'notice-line good' : 'notice-line problem'}
      role={message.good ? 'status' : 'alert'}
    >
      {message.zh}
      {message.en === message.zh ? null : (
        <>
          <br />
          <small>{message.en}</small>
        </>
      )}
    </p>
  ) : null

const ServerFields = ({ form }: { form: Form }) => (
  <>
    <Field
      name="callbackUrl"
      zh="URL"
      en="server address"
      form={form}
      hint="以 http:// 或 https:// 开头，端口不限；留空则不推送消息 · any port; empty: nothing is pushed"
    />
    <Field name="token" zh="Token" en="" form={form} hint="3–32 位英文或数字 · 3 to 32 letters or digits" />
    <Field
      name="encodingAesKey"
      zh="EncodingAESKey"
      en=""
      form={form}
      hint="43 位英文或数字；明文模式下可不填 · not needed in plain mode"
    />
    <ChoiceField name="mode" zh="消息加解密方式" en="mode" values={MODES} form={form} />
    <ChoiceField name="format" zh="数据格式" en="format" values={FORMATS} form={form} />
  </>
)

const CheckNote = () => (
  <p class="quiet">
    提交后，微信会向该 URL 发送 GET 请求，服务器须在 5 秒内原样返回 echostr；验证失败则不保存。不支持重定向。
    <br />
    <small>
      On submit, WeChat sends a GET request to the URL. The server must return the echostr within 5 s, or
      nothing is saved. Redirects are not followed.
    </small>
  </p>
)

interface AccountServerProps {
  account: SimAccountState
  form: Form
  message: Message | undefined
  /** URL of the simulator's API, as the browser reaches it. */
  api: string
  platform: string | null
  consoleUrl: string | null
}

const AccountServer = ({ account, form, message, api, platform, consoleUrl }: AccountServerProps) => (
  <Layout title={`服务器配置 ${account.name}`} consoleUrl={consoleUrl}>
    <section class="panel form">
      <h2>
        服务器配置 <small>server of {account.name}</small>
      </h2>
      <Notice message={message} />
      {platform ? (
        <p class="notice">
          该公众号已授权给第三方平台 <code>{platform}</code>，消息由平台接收；取消授权后，以下配置才会生效。
          <br />
          <small>
            the platform receives its messages; these settings apply after the authorisation is revoked
          </small>
        </p>
      ) : null}
      <form method="post" action={`/accounts/${account.appId}/server`}>
        <ServerFields form={form} />
        <CheckNote />
        <button type="submit" class="main">
          提交 <small>submit</small>
        </button>
      </form>
      <h2>
        开发信息 <small>for the SDK under test</small>
      </h2>
      <dl>
        <Fact name="API 地址 API base" value={api} />
        <Fact name="AppID" value={account.appId} />
        <Fact name="AppSecret" value={account.appSecret} />
        <Fact name="原始 ID original id" value={account.originalId} />
      </dl>
      <p>
        <a href={`/phone/${account.appId}`}>打开手机 open its phone</a>
      </p>
    </section>
  </Layout>
)

const Fact = ({ name, value }: { name: string; value: string }) => (
  <>
    <dt>{name}</dt>
    <dd>
      <code>{value}</code>
    </dd>
  </>
)

const FormPage = (props: {
  title: string
  en: string
  action: string
  consoleUrl: string | null
  message?: Message | undefined
  children: Child
}) => (
  <Layout title={props.title} consoleUrl={props.consoleUrl}>
    <section class="panel form">
      <h2>
        {props.title} <small>{props.en}</small>
      </h2>
      <Notice message={props.message} />
      <form method="post" action={props.action}>
        {props.children}
        <button type="submit" class="main">
          提交 <small>submit</small>
        </button>
      </form>
    </section>
  </Layout>
)

const NewAccount = ({
  consoleUrl,
  form,
  message,
}: {
  consoleUrl: string | null
  form: Form
  message?: Message
}) => (
  <FormPage
    title="新建公众号"
    en="new account"
    action="/accounts/new"
    consoleUrl={consoleUrl}
    message={message}
  >
    <p class="quiet">
      留空的项将自动生成 <small>empty fields are generated</small>
    </p>
    <Field name="name" zh="名称" en="name" form={form} />
    <Field name="appId" zh="AppID" en="" form={form} hint="以 wx 开头 · begins with wx" />
    <ServerFields form={form} />
    <CheckNote />
  </FormPage>
)

interface PlatformProps {
  consoleUrl: string | null
  form: Form
  /** null: a new platform. */
  appId: string | null
  message?: Message | undefined
}

const PlatformServer = ({ consoleUrl, form, appId, message }: PlatformProps) => (
  <FormPage
    title={appId === null ? '新建第三方平台' : '第三方平台配置'}
    en={appId === null ? 'new platform' : 'platform'}
    action={appId === null ? '/platforms/new' : `/platforms/${appId}/server`}
    consoleUrl={consoleUrl}
    message={message}
  >
    <Field name="appId" zh="AppID" en="" form={form} readonly={appId !== null} />
    <Field name="appSecret" zh="AppSecret" en="" form={form} readonly={appId !== null} />
    <Field
      name="authorisationUrl"
      zh="授权事件接收 URL"
      en="receives tickets and authorisations"
      form={form}
    />
    <Field
      name="callbackUrl"
      zh="消息与事件接收 URL"
      en="receives messages"
      form={form}
      hint="用 $APPID$ 代替公众号的 AppID · $APPID$ stands for the account's AppID"
    />
    <Field
      name="token"
      zh="消息校验 Token"
      en=""
      form={form}
      hint="3–32 位英文或数字 · 3 to 32 letters or digits"
    />
    <Field
      name="aesKey"
      zh="消息加解密 Key"
      en=""
      form={form}
      hint="43 位英文或数字 · 43 letters or digits"
    />
    <p class="quiet">
      保存后会立即推送一次 component_verify_ticket <small>a ticket is pushed at once</small>
    </p>
  </FormPage>
)
