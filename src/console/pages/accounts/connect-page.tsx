import { timeInBeijing } from '../../../shared/beijing-time.ts'
import type { CallbackAddress } from '../../accounts/callback-address.ts'
import { ActionButton, CopyRow } from '../../components/forms.tsx'
import { Icon } from '../../design/icons.tsx'
import { accountPath } from '../../paths.ts'
import { Page } from '../../shell/page.tsx'
import { ACCOUNT_TEXTS } from '../../texts/account-texts.ts'
import { CONNECT_TEXTS } from '../../texts/connect-texts.ts'
import { useMay, useText } from '../../view.ts'
import { AccountChecks } from './account-checks.tsx'
import { AccountHead, AccountTabs, type AccountView } from './account-parts.tsx'
import { type Connection, ConnectionCard } from './connection-card.tsx'
import { ConnectSteps } from './new-account-page.tsx'

/** The second step: what is entered at WeChat, and whether WeChat has reached this product. */
export const ConnectPage = (props: {
  account: AccountView
  address: CallbackAddress
  connection: Connection
  /** The secrets that have just been entered. They are shown once; null: shown no more. */
  fresh: { token: string; encodingAesKey: string | null } | null
  /** When the menu was saved, epoch ms; null: it was not. */
  menuSavedAt: number | null
}) => {
  const { account, connection } = props
  const path = `${accountPath(account.appId)}/connect`
  return (
    <Page title={account.name} at="/accounts" scripts={['accounts']}>
      <div data-page-address={path}>
        <AccountHead account={account} />
        <AccountTabs account={account} at={path} />
        <ConnectSteps at={connection.hasEvent ? 2 : 1} />
        <MenuWarning account={account} savedAt={props.menuSavedAt} />
        <div class="columns wide-first">
          <Values {...props} />
          <div>
            <ConnectionCard {...connection} />
            <AccountChecks appId={account.appId} results={null} atOnce={props.fresh !== null} />
          </div>
        </div>
      </div>
    </Page>
  )
}

const MenuWarning = ({ account, savedAt }: { account: AccountView; savedAt: number | null }) => {
  const texts = useText(CONNECT_TEXTS)
  const isSaved = savedAt !== null
  return (
    <div class="note amber menu-warning">
      <Icon name="triangle-alert" />
      <div class="grow">
        <b>{texts.warning}</b>
        <p>{isSaved ? texts.menuSaved(timeInBeijing(savedAt)) : texts.warningHint}</p>
      </div>
      {useMay('operator') ? (
        <ActionButton
          action={`${accountPath(account.appId)}/menu/save`}
          label={isSaved ? texts.saveAgain : texts.saveMenu}
          icon="archive"
          fields={{ back: 'connect' }}
        />
      ) : null}
    </div>
  )
}

const Values = (props: Parameters<typeof ConnectPage>[0]) => {
  const { account, address, fresh } = props
  const texts = useText(CONNECT_TEXTS)
  const { modes } = useText(ACCOUNT_TEXTS)
  const warning = { private: texts.privateAddress, port: texts.wrongPort }
  return (
    <section class="card">
      <h2>{texts.copyTitle}</h2>
      <p class="quiet row">{texts.copyPath}</p>
      {address.problem === null ? null : (
        <p class="note amber" role="alert">
          <Icon name="triangle-alert" />
          <span>{warning[address.problem]}</span>
        </p>
      )}
      {fresh === null ? null : (
        <p class="note green">
          <Icon name="info" />
          <span>{texts.once}</span>
        </p>
      )}
      <CopyRow label={texts.url} text={address.url} />
      <SecretRow label={texts.token} text={fresh?.token ?? null} />
      {account.mode === 'plain' && !fresh?.encodingAesKey ? null : (
        <SecretRow label={texts.aesKey} text={fresh?.encodingAesKey ?? null} />
      )}
      <div class="copy-row">
        <span>{texts.mode}</span>
        <span class="grow">{modes[account.mode]}</span>
      </div>
      {fresh === null && useMay('admin') ? (
        <p class="card-actions">
          <a href={`${accountPath(account.appId)}/settings#secrets`}>{texts.changeSecrets}</a>
        </p>
      ) : null}
    </section>
  )
}

const SecretRow = ({ label, text }: { label: string; text: string | null }) => {
  const texts = useText(CONNECT_TEXTS)
  if (text !== null) return <CopyRow label={label} text={text} />
  return (
    <div class="copy-row">
      <span>{label}</span>
      <span class="grow quiet">{texts.hidden}</span>
    </div>
  )
}
