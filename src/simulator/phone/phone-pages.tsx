import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { Hono } from 'hono'
import { raw } from 'hono/html'
import type { ComponentState } from '../platform/component-state.ts'
import type { SimulatedWechat } from '../simulated-wechat.ts'
import { createAccountsPage } from './accounts-page.tsx'
import { pageHeaders } from './page-headers.ts'
import { createServerPages } from './server-pages.tsx'

const asset = (name: string) => readFileSync(new URL(`./assets/${name}`, import.meta.url), 'utf8')

/** The phone page, which makes nobody (a new follower is there once he acts): what a follower sees and does, beside what WeChat knows of it; and the list of accounts. */
export function createPages(
  wechat: SimulatedWechat,
  links: { consoleUrl: string | null; authoriseUrl: string | null },
  onPlatform: (component: ComponentState) => void = () => {},
): Hono {
  const app = new Hono()
  const script = asset('phone.js')
  const style = asset('phone.css')
  app.use(pageHeaders())
  app.get('/assets/phone.js', (c) =>
    c.body(script, 200, { 'content-type': 'text/javascript; charset=utf-8' }),
  )
  app.get('/assets/phone.css', (c) => c.body(style, 200, { 'content-type': 'text/css; charset=utf-8' }))
  app.get('/', (c) => {
    const [account] = wechat.accounts.values()
    if (!account) return c.text('还没有模拟账号 / no simulated account yet', 404)
    const [follower] = account.followers.keys()
    return c.redirect(`/phone/${account.appId}/${follower ?? newOpenId()}`)
  })
  app.route('/', createAccountsPage(wechat, links))
  app.route('/', createServerPages(wechat, { consoleUrl: links.consoleUrl, onPlatform }))
  app.get('/phone/:appId', (c) => c.redirect(`/phone/${c.req.param('appId')}/${newOpenId()}`))
  app.get('/phone/:appId/:openId', (c) => {
    const { appId, openId } = c.req.param()
    const account = wechat.accounts.get(appId)
    if (!account) return c.text(`模拟器没有账号 ${appId} / the simulator has no account ${appId}`, 404)
    return c.html(
      <Page
        appId={appId}
        openId={openId}
        name={account.name}
        followers={[...new Set([...account.followers.keys(), openId])]}
        served={wechat.servedBy(account).by !== 'nobody'}
        {...links}
      />,
    )
  })
  return app
}

function newOpenId(): string {
  return `oTest${randomBytes(11).toString('base64url')}`
}

interface PageProps {
  appId: string
  openId: string
  name: string
  followers: string[]
  /** Somebody gets the account's callbacks. */
  served: boolean
  consoleUrl: string | null
  authoriseUrl: string | null
}

const Page = ({ appId, openId, name, followers, served, consoleUrl, authoriseUrl }: PageProps) => (
  <>
    {raw('<!DOCTYPE html>')}
    <html lang="zh-CN">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>{name} · 模拟手机</title>
        <link rel="icon" href="data:," />
        <link rel="stylesheet" href="/assets/phone.css" />
        <script src="/assets/phone.js" defer />
      </head>
      <body data-app-id={appId} data-open-id={openId}>
        <header>
          <h1>
            微信模拟器 <small>WeChat simulator</small>
          </h1>
          <nav>
            <select id="follower" aria-label="粉丝 follower">
              {followers.map((id) => (
                <option value={id} selected={id === openId}>
                  {id}
                </option>
              ))}
            </select>
            <a href={`/phone/${appId}`}>+ 新粉丝 new follower</a>
            <a href="/accounts">公众号 accounts</a>
            {consoleUrl ? (
              <a href={`${consoleUrl}/followers/${appId}/${openId}`} id="console-link">
                运营台 console
              </a>
            ) : null}
          </nav>
        </header>
        <main>
          <section class="phone" aria-label="手机 phone">
            <div class="bar">
              <span id="clock">--:--</span>
              <b>{name}</b>
              <button id="follow" type="button" class="follow">
                关注
              </button>
            </div>
            <ol id="chat" class="chat" />
            <div class="menu" id="menu" />
            <form id="typing" class="typing">
              <button type="button" data-do="voice" title="语音 voice">
                ◉
              </button>
              <input
                id="text"
                autocomplete="off"
                placeholder="输入消息 type a message"
                aria-label="消息 message"
              />
              <button type="button" data-do="image" title="图片 image">
                ▣
              </button>
              <button type="submit" id="send">
                发送
              </button>
            </form>
          </section>
          <section class="panel">
            {served ? null : (
              <p class="notice" role="status">
                这个公众号没有接入任何服务器，不会有回复。
                {authoriseUrl ? <a href={authoriseUrl}>先授权给平台 authorise the platform first</a> : null}
                <br />
                <small>nobody gets this account's messages: nothing will answer</small>
              </p>
            )}
            <h2>
              时间 <small>fast-forward</small>
            </h2>
            <p class="row">
              <button type="button" data-forward="60000">
                快进 1 分钟
              </button>
              <button type="button" data-forward="3600000">
                快进 1 小时
              </button>
              <button type="button" data-forward="next" id="to-next">
                到下一步
              </button>
              <span id="forwarding" class="quiet" />
            </p>
            <p class="quiet" id="offset" />
            <h2>
              微信的额度 <small>grants that WeChat holds</small>
            </h2>
            <table>
              <thead>
                <tr>
                  <th>场景 scene</th>
                  <th>已用 used</th>
                  <th>还剩 left</th>
                </tr>
              </thead>
              <tbody id="grants" />
            </table>
            <h2>
              扫码 <small>scan a code</small>
            </h2>
            <p class="row" id="scenes" />
            <h2>
              更多动作 <small>anything else that can happen</small>
            </h2>
            <form id="acts" class="acts">
              <select id="act" aria-label="动作 act" />
              <div id="act-fields" class="fields" />
              <button type="submit">触发 send</button>
            </form>
            <h2>
              故障 <small>faults</small>
            </h2>
            <p class="row">
              <select id="fault" aria-label="故障 fault">
                <option value='{"api":"custom/send","errcode":-1,"times":3}'>系统繁忙 -1 ×3</option>
                <option value='{"api":"custom/send","errcode":45015}'>超时 45015</option>
                <option value='{"api":"custom/send","errcode":45047}'>超条数 45047</option>
                <option value='{"api":"custom/send","status":503,"times":3}'>HTTP 503 ×3</option>
                <option value='{"api":"custom/send","latencyMs":3000,"times":3}'>慢 3 秒 ×3</option>
                <option value='{"api":"custom/send","hang":"after"}'>收下后不回答 accept, then hang</option>
                <option value={`{"invalidateToken":"${appId}"}`}>令牌失效 token invalidated</option>
                <option value='{"duplicateCallback":3}'>回调发两次 ×3 callback twice</option>
              </select>
              <button type="button" id="add-fault">
                开启
              </button>
              <button type="button" id="clear-faults">
                全部清除
              </button>
            </p>
            <p id="faults" class="quiet" />
            <h2>
              发送记录 <small>requests to custom/send</small>
            </h2>
            <table>
              <thead>
                <tr>
                  <th>时刻 at</th>
                  <th>类型 kind</th>
                  <th>errcode</th>
                </tr>
              </thead>
              <tbody id="sends" />
            </table>
            <p id="trouble" class="trouble" role="alert" />
          </section>
        </main>
      </body>
    </html>
  </>
)
