import { Code } from '../../components/basics.tsx'
import { useNumber } from '../../components/numbers.tsx'
import { Icon } from '../../design/icons.tsx'
import type { Alert, Overview, OverviewAccount } from '../../overview/overview-data.ts'
import { accountPath, campaignPath } from '../../paths.ts'
import { requiredAction } from '../../remedy.ts'
import { ACCOUNT_STATES, useLabel } from '../../texts/labels.ts'
import { OVERVIEW_TEXTS } from '../../texts/overview-texts.ts'
import { useText, useView } from '../../view.ts'
import { useDuration } from './duration.ts'

/** What needs a person, the worst first. A state that ends by itself is no alarm. */
export const Attention = ({ overview }: { overview: Overview }) => {
  const texts = useText(OVERVIEW_TEXTS)
  const { alerts, accounts, broken } = overview
  const stopped = accounts.filter(({ state }) => state !== 'active')
  const endsByItself = (account: OverviewAccount) =>
    account.state === 'paused' || account.state === 'quota-exhausted'
  const sorted = [...stopped.filter((a) => !endsByItself(a)), ...stopped.filter(endsByItself)]
  return (
    <section id="overview-attention" aria-label={texts.attention}>
      {alerts.map((alert) => (
        <AlertNote alert={alert} />
      ))}
      {sorted.map((account) => (
        <StoppedAccount account={account} isAlarm={!endsByItself(account)} />
      ))}
      {broken.map((campaign) => (
        <p class="note red with-action">
          <Icon name="circle-alert" />
          <span>
            <b translate="no">{campaign.name}</b> {texts.broken}
          </span>
          <a class="button" href={campaignPath(campaign.id)}>
            {texts.show}
          </a>
        </p>
      ))}
      {alerts.length + stopped.length + broken.length === 0 ? (
        <p class="note green">
          <Icon name="circle-check" />
          <span>{texts.allWell}</span>
        </p>
      ) : null}
    </section>
  )
}

const AlertNote = ({ alert }: { alert: Alert }) => {
  const [title, hint] = useAlertTexts()(alert)
  const tone = alert.kind === 'late' || alert.kind === 'clock' ? 'amber' : 'red'
  return (
    <p class={`note ${tone}`}>
      <Icon name={tone === 'red' ? 'circle-alert' : 'triangle-alert'} />
      <span>
        <b>{title}</b> {alert.kind === 'clock' ? <Code>{alert.api}</Code> : null}
        <br />
        {hint}
      </span>
    </p>
  )
}

function useAlertTexts(): (alert: Alert) => readonly [title: string, hint: string] {
  const texts = useText(OVERVIEW_TEXTS)
  const number = useNumber()
  const duration = useDuration()
  return (alert) => {
    switch (alert.kind) {
      case 'temporal-away':
        return [texts.temporalAway, texts.temporalAwayHint]
      case 'backlog':
        return [texts.backlog(number(alert.pending), duration(alert.seconds)), texts.backlogHint]
      case 'late':
        return [texts.late(duration(alert.overSeconds)), texts.lateHint]
      case 'clock':
        return [texts.clock(duration(Math.abs(alert.seconds))), texts.clockHint]
      default:
        return alert satisfies never
    }
  }
}

const StoppedAccount = ({ account, isAlarm }: { account: OverviewAccount; isAlarm: boolean }) => {
  const texts = useText(OVERVIEW_TEXTS)
  const { language, links } = useView()
  const label = useLabel(ACCOUNT_STATES)
  const action = requiredAction(account, { platform: Boolean(links.authorisationUrl) })
  return (
    <p class={`note ${isAlarm ? 'red' : 'amber'} with-action`}>
      <Icon name={isAlarm ? 'circle-alert' : 'triangle-alert'} />
      <span>
        <b translate="no">{account.name}</b> <b>{label(account.state)}</b>
        <br />
        {action?.[language]}
      </span>
      {action?.authorise && links.authorisationUrl ? (
        <a class="button main" href={links.authorisationUrl}>
          {texts.authorise}
        </a>
      ) : (
        <a class="button" href={accountPath(account.appId)}>
          {texts.show}
        </a>
      )}
    </p>
  )
}
