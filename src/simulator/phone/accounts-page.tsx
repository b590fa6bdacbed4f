import { Hono } from 'hono'
import type { ComponentState } from '../platform/component-state.ts'
import { PlatformController } from '../platform/platform-controller.ts'
import { ownAccounts } from '../platform/release-test.ts'
import type { SimulatedWechat } from '../simulated-wechat.ts'
import type { SimAccountState } from '../state/model.ts'
import { ACCOUNT_TEXTS } from './accounts-texts.ts'
import { Icon } from './icons.tsx'
import { Page } from './shell.tsx'
import { respond, useText } from './view.tsx'

/** The list of the simulated accounts, with their receivers, callback servers, phones and authorisations. */
export function createAccountsPage(wechat: SimulatedWechat, links: PageLinks): Hono {
  const app = new Hono()
  app.get('/accounts', (c) => {
    const items = ownAccounts(wechat).map((account) => ({ account, served: wechat.servedBy(account) }))
    return respond(
      c,
      <AccountsPage items={items} platforms={[...wechat.components.values()]} links={links} />,
    )
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

const AccountsPage = (props: { items: Item[]; platforms: ComponentState[]; links: PageLinks }) => {
  const texts = useText(ACCOUNT_TEXTS)
  return (
    <Page
      title={texts.title}
      at="accounts"
      hint={texts.hint}
      consoleUrl={props.links.consoleUrl}
      aside={
        <a class="button main" href="/accounts/new">
          <Icon name="plus" />
          {texts.newAccount}
        </a>
      }
    >
      <section class="card">
        <div class="table">
          <table>
            <thead>
              <tr>
                <th>{texts.name}</th>
                <th>AppID</th>
                <th>{texts.receiver}</th>
                <th>{texts.followers}</th>
                <th>{texts.links}</th>
              </tr>
            </thead>
            <tbody>
              {props.items.map((item) => (
                <Row {...item} authoriseUrl={props.links.authoriseUrl} />
              ))}
            </tbody>
          </table>
        </div>
      </section>
      <Platforms all={props.platforms} />
    </Page>
  )
}

const Row = ({ account, served, authoriseUrl }: Item & { authoriseUrl: string | null }) => {
  const texts = useText(ACCOUNT_TEXTS)
  const { appId } = account
  return (
    <tr>
      <td data-title={texts.name} translate="no">
        {account.name}
      </td>
      <td data-title="AppID">
        <code translate="no">{appId}</code>
      </td>
      <td data-title={texts.receiver}>
        <div>
          <ServedBy served={served} url={account.callbackUrl} />
        </div>
      </td>
      <td data-title={texts.followers}>
        {[...account.followers.values()].filter((f) => f.following).length}
      </td>
      <td>
        <div class="row-links">
          <a href={`/phone/${appId}`}>{texts.phone}</a>
          <a href={`/crowd/${appId}`}>{texts.crowd}</a>
          <a href={`/accounts/${appId}/server`}>{texts.server}</a>
          {served.by === 'nobody' && authoriseUrl ? <a href={authoriseUrl}>{texts.authorise}</a> : null}
          {served.by === 'platform' ? (
            <form method="post" action={`/accounts/${appId}/revoke`}>
              <button type="submit">{texts.revoke}</button>
            </form>
          ) : null}
        </div>
      </td>
    </tr>
  )
}

const ServedBy = ({ served, url }: { served: Served; url: string | null }) => {
  const texts = useText(ACCOUNT_TEXTS)
  switch (served.by) {
    case 'own-server':
      return (
        <>
          {texts.ownServer}
          <code class="url" translate="no">
            {url}
          </code>
        </>
      )
    case 'platform':
      return (
        <>
          {texts.platform} <code translate="no">{served.appId}</code>
        </>
      )
    case 'nobody':
      return <span class="quiet">{texts.none}</span>
    default:
      return served satisfies never
  }
}

const Platforms = ({ all }: { all: ComponentState[] }) => {
  const texts = useText(ACCOUNT_TEXTS)
  return (
    <section class="card">
      <div class="card-head">
        <h2>{texts.platforms}</h2>
        <a href="/platforms/new">{texts.newPlatform}</a>
      </div>
      {all.length === 0 ? (
        <p class="quiet">{texts.noPlatform}</p>
      ) : (
        <div class="table">
          <table>
            <thead>
              <tr>
                <th>AppID</th>
                <th>{texts.authorisationUrl}</th>
                <th>{texts.authorised}</th>
                <th>{texts.links}</th>
              </tr>
            </thead>
            <tbody>
              {all.map(({ options, authorisations }) => (
                <tr>
                  <td data-title="AppID">
                    <code translate="no">{options.appId}</code>
                  </td>
                  <td data-title={texts.authorisationUrl}>
                    <code translate="no">{options.authorisationUrl}</code>
                  </td>
                  <td data-title={texts.authorised}>{authorisations.size}</td>
                  <td>
                    <a href={`/platforms/${options.appId}/server`}>{texts.server}</a>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  )
}
