import { createHash } from 'node:crypto'
import { type Context, Hono } from 'hono'
import type { Child } from 'hono/jsx'
import { bilingual } from '../../ui/bilingual.ts'
import { detectLanguage } from '../../ui/preferences.ts'
import { pageHeaders } from '../phone/page-headers.ts'
import { Document } from '../phone/shell.tsx'
import { respond, Say, useText } from '../phone/view.tsx'
import type { SimulatedWechat } from '../simulated-wechat.ts'
import type { SimAccountState } from '../state/model.ts'
import type { ComponentState } from './component-state.ts'
import { PlatformController } from './platform-controller.ts'
import { isReleaseTestAccount } from './release-test.ts'

const DESKTOP = '/cgi-bin/componentloginpage'
const PHONE = '/wxaopen/safe/bindcomponent'

interface AuthorisationRequest {
  component: ComponentState
  preAuthCode: string
  redirect: URL
  authType: string
  bizAppId: string
}
interface Refusal {
  zh: string
  en: string
}

/**
 * WeChat's authorisation pages, for computers and phones. An owner scans (here: clicks an account). WeChat pushes
 * `authorized` and redirects the browser to `redirect_uri?auth_code=…&expires_in=600`. Source: 授权流程技术说明.
 */
export function createComponentPages(wechat: SimulatedWechat): Hono {
  const app = new Hono()
  for (const path of [DESKTOP, PHONE]) {
    app.use(path, pageHeaders(), detectLanguage)
    app.get(path, (c) => {
      const request = read((name) => c.req.query(name))
      if ('zh' in request) return refuse(c, request)
      return respond(c, <AccountChoice path={path} request={request} accounts={accountsFor(request)} />)
    })
    app.post(path, async (c) => {
      const form = await c.req.parseBody()
      const field = (name: string) => (typeof form[name] === 'string' ? form[name] : undefined)
      const request = read(field)
      if ('zh' in request) return refuse(c, request)
      const account = accountsFor(request).find((a) => a.appId === field('account'))
      if (!account) return refuse(c, { zh: '找不到该公众号', en: 'no such account' })
      const controller = new PlatformController(wechat, request.component)
      const { authCode, expiresIn } = await controller.authorise(request.preAuthCode, account.appId)
      request.redirect.searchParams.set('auth_code', authCode)
      request.redirect.searchParams.set('expires_in', String(expiresIn))
      return c.redirect(request.redirect.href)
    })
  }
  return app

  function read(field: (name: string) => string | undefined): AuthorisationRequest | Refusal {
    const component = wechat.components.get(field('component_appid') ?? '')
    if (!component) return { zh: '找不到该第三方平台', en: 'no such platform: component_appid' }
    const preAuthCode = field('pre_auth_code') ?? ''
    if (!component.isValidPreAuthCode(preAuthCode, wechat.now()))
      return {
        zh: '预授权码无效或已过期，请回到第三方平台重新发起授权',
        en: 'the pre-auth code is unknown or expired',
      }
    const uri = field('redirect_uri') ?? ''
    const redirect = URL.canParse(uri) ? new URL(uri) : null
    const host = component.options.redirectHost
    if (!redirect || !/^https?:$/.test(redirect.protocol))
      return { zh: '回调地址无效', en: 'redirect_uri is not an http or https URL' }
    if (host && redirect.host !== host && redirect.hostname !== host)
      return { zh: `回调地址不属于登记的域名 ${host}`, en: `redirect_uri must be on ${host}` }
    const authType = field('auth_type') ?? '3'
    return { component, preAuthCode, redirect, authType, bizAppId: field('biz_appid') ?? '' }
  }

  /** `auth_type` 2 selects mini programs, which the simulator does not have. `biz_appid` selects one account. */
  function accountsFor({ component, authType, bizAppId }: AuthorisationRequest): SimAccountState[] {
    if (authType === '2') return []
    const { offers } = component.options
    const all = [...wechat.accounts.values()].filter((a) =>
      offers ? offers.includes(a.appId) : !isReleaseTestAccount(a.appId),
    )
    return bizAppId ? all.filter((a) => a.appId === bizAppId) : all
  }
}

const TEXTS = bilingual(
  {
    cannot: '无法授权',
    title: '公众号授权',
    asks: '申请获取你的公众号权限',
    platform: '第三方平台',
    agree: '点击账号即表示该账号的管理员已扫码同意授权',
    none: '暂无可授权的公众号',
    authorised: '已授权',
    code: '二维码',
  },
  {
    cannot: 'Cannot authorise',
    title: 'Authorise an account',
    asks: 'requests permissions of your account',
    platform: 'The platform',
    agree: 'Click an account: its administrator has scanned the code and agreed',
    none: 'There is no account to authorise',
    authorised: 'authorised',
    code: 'QR code',
  },
)

function refuse(c: Context, refusal: Refusal): Response | Promise<Response> {
  return respond(c, <RefusalPage {...refusal} />, 400)
}

const RefusalPage = (refusal: Refusal) => {
  const texts = useText(TEXTS)
  return (
    <Page title={texts.cannot}>
      <p class="note red" role="alert">
        <Say {...refusal} />
      </p>
    </Page>
  )
}

/** WeChat's page: without the simulator's navigation. */
const Page = ({ title, children }: { title: string; children: Child }) => (
  <Document title={title}>
    <body class="simulator standalone">
      <main class="center">
        <section class="card authorise">
          <h1>{title}</h1>
          {children}
        </section>
      </main>
    </body>
  </Document>
)

interface ChoiceProps {
  path: string
  request: AuthorisationRequest
  accounts: SimAccountState[]
}

const AccountChoice = ({ path, request, accounts }: ChoiceProps) => {
  const texts = useText(TEXTS)
  const { component, preAuthCode, redirect, authType, bizAppId } = request
  return (
    <Page title={texts.title}>
      <p>
        {texts.platform} <code translate="no">{component.options.appId}</code> {texts.asks}
      </p>
      <DecorativeCode of={preAuthCode} name={texts.code} />
      <p class="quiet">{texts.agree}</p>
      {accounts.length === 0 ? <p role="status">{texts.none}</p> : null}
      {accounts.map((account) => (
        <form method="post" action={path}>
          <input type="hidden" name="component_appid" value={component.options.appId} />
          <input type="hidden" name="pre_auth_code" value={preAuthCode} />
          <input type="hidden" name="redirect_uri" value={redirect.href} />
          <input type="hidden" name="auth_type" value={authType} />
          <input type="hidden" name="biz_appid" value={bizAppId} />
          <button type="submit" name="account" value={account.appId}>
            <span translate="no">{account.name}</span>
            <small class="quiet">
              <code translate="no">{account.appId}</code>{' '}
              {component.authorisations.has(account.appId) ? texts.authorised : null}
            </small>
          </button>
        </form>
      ))}
    </Page>
  )
}

const CELLS = 21
const CORNER = 7
const CORNERS = [
  [0, 0],
  [CELLS - CORNER, 0],
  [0, CELLS - CORNER],
] as const

/** A decorative QR code that no reader can decode. */
const DecorativeCode = ({ of, name }: { of: string; name: string }) => {
  const bits = createHash('sha512').update(of).digest()
  const inCorner = (x: number, y: number) =>
    CORNERS.some(([cx, cy]) => x >= cx - 1 && x <= cx + CORNER && y >= cy - 1 && y <= cy + CORNER)
  const cells = Array.from({ length: CELLS * CELLS }, (_, i) => i).filter(
    (i) => ((bits[i >> 3] ?? 0) >> (i & 7)) & 1 && !inCorner(i % CELLS, Math.floor(i / CELLS)),
  )
  return (
    <svg class="code" viewBox={`0 0 ${CELLS} ${CELLS}`} role="img" aria-label={name}>
      <title>{name}</title>
      {CORNERS.map(([x, y]) => (
        <path d={`M${x} ${y}h7v7h-7zm1 1v5h5v-5zm1 1h3v3h-3z`} fill-rule="evenodd" />
      ))}
      {cells.map((i) => (
        <rect x={i % CELLS} y={Math.floor(i / CELLS)} width="1" height="1" />
      ))}
    </svg>
  )
}
