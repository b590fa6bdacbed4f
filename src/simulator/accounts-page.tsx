import { Hono } from 'hono'
import { raw } from 'hono/html'
import { createComponentDesk } from './component-desk.ts'
import type { SimAccountState } from './model.ts'
import { isReleaseAccount } from './release.ts'
import type { World } from './world.ts'

/** The list of the simulated accounts: who serves each, its phone, and an owner's way into a platform and out of it. */
export function createAccountsPage(world: World, links: PageLinks): Hono {
  const app = new Hono()
  app.get('/accounts', (c) => {
    const items = [...world.accounts.values()]
      .filter((a) => !isReleaseAccount(a.appId))
      .map((account) => ({ account, served: world.servedBy(account) }))
    return c.html(<AccountsPage items={items} links={links} />)
  })
  app.post('/accounts/:appId/revoke', async (c) => {
    const { appId } = c.req.param()
    for (const component of world.components.values())
      if (component.authorisations.has(appId)) await createComponentDesk(world, component).revoke(appId)
    return c.redirect('/accounts')
  })
  return app
}

interface PageLinks {
  consoleUrl: string | null
  authoriseUrl: string | null
}
type Served = ReturnType<World['servedBy']>

const AccountsPage = (props: { items: { account: SimAccountState; served: Served }[]; links: PageLinks }) => (
  <>
    {raw('<!DOCTYPE html>')}
    <html lang="zh-CN">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>公众号 · 模拟微信</title>
        <link rel="icon" href="data:," />
        <link rel="stylesheet" href="/assets/phone.css" />
      </head>
      <body>
        <header>
          <h1>
            微信模拟器 <small>WeChat simulator</small>
          </h1>
          <nav>{props.links.consoleUrl ? <a href={props.links.consoleUrl}>运营台 console</a> : null}</nav>
        </header>
        <main>
          <section class="panel wide">
            <h2>
              公众号 <small>accounts</small>
            </h2>
            <table>
              <thead>
                <tr>
                  <th>名称 name</th>
                  <th>AppID</th>
                  <th>消息发往 its messages go to</th>
                  <th>粉丝 followers</th>
                  <th />
                  <th />
                </tr>
              </thead>
              <tbody>
                {props.items.map(({ account, served }) => (
                  <tr>
                    <td>{account.name}</td>
                    <td>
                      <code>{account.appId}</code>
                    </td>
                    <td>
                      <ServedBy served={served} />
                    </td>
                    <td>{[...account.followers.values()].filter((f) => f.following).length}</td>
                    <td>
                      <a href={`/phone/${account.appId}`}>手机 phone</a>
                    </td>
                    <td>
                      {served.by === 'platform' ? (
                        <form method="post" action={`/accounts/${account.appId}/revoke`}>
                          <button type="submit">取消授权 revoke</button>
                        </form>
                      ) : null}
                      {served.by === 'nobody' && props.links.authoriseUrl ? (
                        <a href={props.links.authoriseUrl}>授权给平台 authorise</a>
                      ) : null}
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </section>
        </main>
      </body>
    </html>
  </>
)

const ServedBy = ({ served }: { served: Served }) => {
  switch (served.by) {
    case 'own-server':
      return <>自己的服务器 its own server</>
    case 'platform':
      return (
        <>
          平台 platform <code>{served.appId}</code>
        </>
      )
    case 'nobody':
      return <span class="quiet">没有接入 nobody</span>
    default:
      return served satisfies never
  }
}
