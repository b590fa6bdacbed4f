import { Hono } from 'hono'
import type { ComponentState } from '../platform/component-state.ts'
import { PlatformController } from '../platform/platform-controller.ts'
import { isReleaseTestAccount } from '../platform/release-test.ts'
import type { SimulatedWechat } from '../simulated-wechat.ts'
import type { SimAccountState } from '../state/model.ts'
import { Layout } from './layout.tsx'

/** The list of the simulated accounts, with their receivers, callback servers, phones and authorisations. */
export function createAccountsPage(wechat: SimulatedWechat, links: PageLinks): Hono {
  const app = new Hono()
  app.get('/accounts', (c) => {
    const items = [...wechat.accounts.values()]
      .filter((a) => !isReleaseTestAccount(a.appId))
      .map((account) => ({ account, served: wechat.servedBy(account) }))
    return c.html(<AccountsPage items={items} platforms={[...wechat.components.values()]} links={links} />)
  })
  app.post('/accounts/:appId/revoke', async (c) => {
    const { appId } = c.req.param()
    for (const component of wechat.components.values())
      if (component.authorisations.has(appId)) await new PlatformController(wechat, component).revoke(appId)
    return c.redirect('/accounts')
  })
  return app
}

interface PageLinks {
  consoleUrl: string | null
  authoriseUrl: string | null
}
type Served = ReturnType<SimulatedWechat['servedBy']>
interface Item {
  account: SimAccountState
  served: Served
}

const AccountsPage = (props: { items: Item[]; platforms: ComponentState[]; links: PageLinks }) => (
  <Layout title="公众号" consoleUrl={props.links.consoleUrl}>
    <section class="panel wide">
      <h2>
        公众号 <small>accounts</small>
      </h2>
      <table class="stacked">
        <thead>
          <tr>
            <th>名称 name</th>
            <th>AppID</th>
            <th>消息接收方 receiver</th>
            <th>粉丝 followers</th>
            <th />
            <th />
            <th />
          </tr>
        </thead>
        <tbody>
          {props.items.map((item) => (
            <Row {...item} authoriseUrl={props.links.authoriseUrl} />
          ))}
        </tbody>
      </table>
      <p>
        <a href="/accounts/new">+ 新建公众号 new account</a>
      </p>
      <h2>
        第三方平台 <small>platforms</small>
      </h2>
      <Platforms all={props.platforms} />
      <p>
        <a href="/platforms/new">+ 新建第三方平台 new platform</a>
      </p>
    </section>
  </Layout>
)

const Row = ({ account, served, authoriseUrl }: Item & { authoriseUrl: string | null }) => (
  <tr>
    <td>{account.name}</td>
    <td>
      <code>{account.appId}</code>
    </td>
    <td>
      <ServedBy served={served} url={account.callbackUrl} />
    </td>
    <td data-label="粉丝 followers">{[...account.followers.values()].filter((f) => f.following).length}</td>
    <td>
      <a href={`/phone/${account.appId}`}>手机 phone</a>
    </td>
    <td>
      <a href={`/accounts/${account.appId}/server`}>服务器 server</a>
    </td>
    <td>
      {served.by === 'platform' ? (
        <form method="post" action={`/accounts/${account.appId}/revoke`}>
          <button type="submit">取消授权 revoke</button>
        </form>
      ) : null}
      {served.by === 'nobody' && authoriseUrl ? <a href={authoriseUrl}>授权给平台 authorise</a> : null}
    </td>
  </tr>
)

const ServedBy = ({ served, url }: { served: Served; url: string | null }) => {
  switch (served.by) {
    case 'own-server':
      return (
        <>
          自有服务器 own server
          <br />
          <code class="url">{url}</code>
        </>
      )
    case 'platform':
      return (
        <>
          平台 platform <code>{served.appId}</code>
        </>
      )
    case 'nobody':
      return <span class="quiet">未接入 none</span>
    default:
      return served satisfies never
  }
}

const Platforms = ({ all }: { all: ComponentState[] }) =>
  all.length === 0 ? (
    <p class="quiet">
      暂无 <small>none</small>
    </p>
  ) : (
    <table class="stacked">
      <thead>
        <tr>
          <th>AppID</th>
          <th>授权事件接收 URL</th>
          <th>已授权 authorised</th>
          <th />
        </tr>
      </thead>
      <tbody>
        {all.map(({ options, authorisations }) => (
          <tr>
            <td>
              <code>{options.appId}</code>
            </td>
            <td>
              <code class="url">{options.authorisationUrl}</code>
            </td>
            <td data-label="已授权 authorised">{authorisations.size}</td>
            <td>
              <a href={`/platforms/${options.appId}/server`}>服务器 server</a>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
