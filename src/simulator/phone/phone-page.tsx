import { raw } from 'hono/html'
import type { Child } from 'hono/jsx'

interface PhonePageProps {
  appId: string
  openId: string
  name: string
  followers: string[]
  /** Whether a server or a platform receives the account's callbacks. */
  served: boolean
  consoleUrl: string | null
  authoriseUrl: string | null
}

/** A follower's phone, beside WeChat's data about the follower. `assets/phone.js` fills the page. */
export const PhonePage = (props: PhonePageProps) => (
  <>
    {raw('<!DOCTYPE html>')}
    <html lang="zh-CN">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>{props.name} · 模拟手机</title>
        <link rel="icon" href="data:," />
        <link rel="stylesheet" href="/assets/phone.css" />
        <script src="/assets/phone.js" defer />
      </head>
      <body data-app-id={props.appId} data-open-id={props.openId}>
        <Header {...props} />
        <main>
          <Phone name={props.name} />
          <section class="panel">
            {props.served ? null : <NoServer authoriseUrl={props.authoriseUrl} />}
            <ClockControls />
            <Grants />
            <Actions />
            <FaultControls appId={props.appId} />
            <Sends />
            <p id="problem" class="problem" role="alert" />
          </section>
        </main>
      </body>
    </html>
  </>
)

const Header = ({ appId, openId, followers, consoleUrl }: PhonePageProps) => (
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
)

const Phone = ({ name }: { name: string }) => (
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
      <input id="text" autocomplete="off" placeholder="输入消息 type a message" aria-label="消息 message" />
      <button type="button" data-do="image" title="图片 image">
        ▣
      </button>
      <button type="submit" id="send">
        发送
      </button>
    </form>
  </section>
)

const NoServer = ({ authoriseUrl }: { authoriseUrl: string | null }) => (
  <p class="notice" role="status">
    该公众号未接入服务器，发送消息不会收到回复。
    {authoriseUrl ? <a href={authoriseUrl}>授权给平台 authorise the platform</a> : null}
    <br />
    <small>This account has no callback server. Messages get no reply.</small>
  </p>
)

const Heading = ({ zh, children }: { zh: string; children: Child }) => (
  <h2>
    {zh} <small>{children}</small>
  </h2>
)

const ClockControls = () => (
  <>
    <Heading zh="时间">fast-forward</Heading>
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
  </>
)

const Grants = () => (
  <>
    <Heading zh="下发额度">grants</Heading>
    <Table columns={['场景 scene', '已用 used', '剩余 left']} bodyId="grants" />
  </>
)

const Actions = () => (
  <>
    <Heading zh="扫码">scan a code</Heading>
    <p class="row" id="scenes" />
    <Heading zh="更多操作">more actions</Heading>
    <form id="actions" class="actions">
      <select id="action" aria-label="操作 action" />
      <div id="action-fields" class="fields" />
      <button type="submit">触发 send</button>
    </form>
  </>
)

const FaultControls = ({ appId }: { appId: string }) => (
  <>
    <Heading zh="故障">faults</Heading>
    <p class="row">
      <select id="fault" aria-label="故障 fault">
        <option value='{"api":"custom/send","errcode":-1,"times":3}'>系统繁忙 -1 ×3</option>
        <option value='{"api":"custom/send","errcode":45015}'>超过时限 45015</option>
        <option value='{"api":"custom/send","errcode":45047}'>超过条数 45047</option>
        <option value='{"api":"custom/send","status":503,"times":3}'>HTTP 503 ×3</option>
        <option value='{"api":"custom/send","latencyMs":3000,"times":3}'>延迟 3 秒 ×3</option>
        <option value='{"api":"custom/send","hang":"after"}'>送达但不响应 accept, then hang</option>
        <option value={`{"invalidateToken":"${appId}"}`}>令牌失效 token invalidated</option>
        <option value='{"duplicateCallback":3}'>回调重复推送 ×3 duplicate callback</option>
      </select>
      <button type="button" id="add-fault">
        添加
      </button>
      <button type="button" id="clear-faults">
        全部清除
      </button>
    </p>
    <p id="faults" class="quiet" />
  </>
)

const Sends = () => (
  <>
    <Heading zh="发送记录">requests to custom/send</Heading>
    <Table columns={['时间 at', '类型 type', 'errcode']} bodyId="sends" />
  </>
)

const Table = ({ columns, bodyId }: { columns: string[]; bodyId: string }) => (
  <table>
    <thead>
      <tr>
        {columns.map((name) => (
          <th>{name}</th>
        ))}
      </tr>
    </thead>
    <tbody id={bodyId} />
  </table>
)
