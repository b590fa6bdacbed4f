import type { accountView } from '../../../api/views/account-view.ts'
import { parseDuration } from '../../../campaign/duration.ts'
import { timeInBeijing } from '../../../shared/beijing-time.ts'
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../../shared/time-units.ts'
import type { TokenTimes } from '../../../store/accounts/account-facts.ts'
import { clockText } from '../../../ui/near-time.ts'
import { Code, Data, StatePill } from '../../components/basics.tsx'
import { ActionButton } from '../../components/forms.tsx'
import { Icon } from '../../design/icons.tsx'
import { accountPath } from '../../paths.ts'
import { needsFix, needsSecret, requiredAction } from '../../remedy.ts'
import { ACCOUNT_TEXTS, AGO_TEXTS } from '../../texts/account-texts.ts'
import { durationWords } from '../../texts/duration-words.ts'
import { ACCOUNT_STATES, useLabel } from '../../texts/labels.ts'
import { useMay, useText, useView } from '../../view.ts'

export type AccountView = ReturnType<typeof accountView>

/** An account as its pages show it. */
export interface ShownAccount {
  account: AccountView
  /** When WeChat last reached the callback, epoch ms; null: never. */
  lastCallbackAt: number | null
  /** Null: no token was fetched. */
  token: TokenTimes | null
  now: number
}

export const AccountState = ({ account }: { account: AccountView }) => {
  const texts = useText(ACCOUNT_TEXTS)
  const label = useLabel(ACCOUNT_STATES)
  return (
    <>
      <StatePill state={account.state} label={label(account.state)} />
      <StateReason account={account} />
      {account.stateUntil ? (
        <div class="quiet">{texts.until(timeInBeijing(Date.parse(account.stateUntil)))}</div>
      ) : null}
    </>
  )
}

/** What WeChat said when it stopped the account. That somebody paused it is said by the state. */
export const StateReason = ({ account: { state, stateReason } }: { account: AccountView }) =>
  stateReason === null || (state === 'paused' && !/^\d/.test(stateReason)) ? null : (
    <div class="quiet">
      <Data>{stateReason}</Data>
    </div>
  )

/** How long ago something was, with the time on hover. */
export const Ago = ({ at, now }: { at: number; now: number }) => {
  const texts = useText(AGO_TEXTS)
  const ms = Math.max(0, now - at)
  const words =
    ms < MINUTE_MS
      ? texts.justNow
      : ms < HOUR_MS
        ? texts.minutes(Math.floor(ms / MINUTE_MS))
        : ms < 2 * DAY_MS
          ? texts.hours(Math.floor(ms / HOUR_MS))
          : texts.days(Math.floor(ms / DAY_MS))
  return (
    <time datetime={new Date(at).toISOString()} title={timeInBeijing(at)}>
      {words}
    </time>
  )
}

/** The state of the access token, as far as the store knows it. */
export const TokenState = ({ token, now }: Pick<ShownAccount, 'token' | 'now'>) => {
  const texts = useText(ACCOUNT_TEXTS)
  if (token === null) return <>{texts.noToken}</>
  if (token.expiresAt <= now) return <>{texts.tokenExpired}</>
  return <>{texts.tokenUntil(clockText(token.expiresAt))}</>
}

/** How many of the sends of a day are used, where WeChat has reported it. */
export const Quota = ({ account }: { account: AccountView }) => {
  const texts = useText(ACCOUNT_TEXTS)
  const { language } = useView()
  if (!account.quota) return <>{texts.quotaUnknown}</>
  const number = (n: number) => n.toLocaleString(language)
  return <>{texts.quotaUsed(number(account.quota.used), number(account.quota.dailyLimit))}</>
}

/** The keywords of an account's opt-out. */
export const OptOutWords = ({ optOut }: { optOut: NonNullable<AccountView['optOut']> }) => {
  const texts = useText(ACCOUNT_TEXTS)
  const list = (words: readonly string[]) => words.join(texts.listSeparator)
  return (
    <>
      <Data>{list(optOut.keywords)}</Data>
      {optOut.resume ? (
        <div class="quiet">
          <Data>{texts.resumeWords(list(optOut.resume))}</Data>
        </div>
      ) : null}
    </>
  )
}

/** What holds back messages that answer nothing: the account's cap, and its quiet hours. */
export const UnaskedLimits = ({ account: { cap, quietHours } }: { account: AccountView }) => {
  const texts = useText(ACCOUNT_TEXTS)
  const { language } = useView()
  if (!cap && !quietHours) return <>{texts.noLimit}</>
  return (
    <>
      {cap ? (
        <div>{texts.cap(cap.messages, durationWords(parseDuration(cap.per) ?? 0, language))}</div>
      ) : null}
      {quietHours ? <div>{texts.quietHours(quietHours.from, quietHours.to)}</div> : null}
    </>
  )
}

/** How the account is connected. */
export const AccountKind = ({ account }: { account: AccountView }) => {
  const texts = useText(ACCOUNT_TEXTS)
  return (
    <>
      {account.kind === 'authorised' ? texts.authorised : texts.owned}
      {' · '}
      {texts.modes[account.mode] ?? account.mode}
    </>
  )
}

/** What must be done about a stopped account, with the button that does it. */
export const AccountRemedy = ({ account }: { account: AccountView }) => {
  const texts = useText(ACCOUNT_TEXTS)
  const { language, links } = useView()
  const { authorisationUrl } = links
  const mayResume = useMay('operator')
  const mayChangeSecret = useMay('admin')
  const action = requiredAction(account, { platform: Boolean(authorisationUrl) })
  if (!action) return null
  const isBroken = needsFix(account)
  const path = accountPath(account.appId)
  const resumable = account.state === 'paused' || account.state === 'blocked'
  return (
    <div class={isBroken ? 'note red' : 'note amber'}>
      <Icon name={isBroken ? 'circle-alert' : 'info'} />
      <div class="grow">
        <span>{action[language]}</span>
        <div class="note-actions">
          {action.authorise && authorisationUrl ? (
            <a class="button main" href={authorisationUrl} referrerpolicy="origin">
              {texts.authoriseAgain}
            </a>
          ) : null}
          {needsSecret(account) && mayChangeSecret ? (
            <a class="button main" href={`${path}/settings#secrets`}>
              {texts.enterSecret}
            </a>
          ) : null}
          {resumable && mayResume ? (
            <ActionButton action={`${path}/resume`} label={texts.resume} icon="play" />
          ) : null}
        </div>
      </div>
    </div>
  )
}

/** The first character of an account's name, instead of a picture: WeChat gives none. */
export const AccountMark = ({ account }: { account: AccountView }) => {
  const [first = '#'] = [...account.name]
  const tone = [...account.appId].reduce((sum, char) => sum + (char.codePointAt(0) ?? 0), 0) % MARK_TONES
  return (
    <span class={`mark tone-${tone}`} aria-hidden="true" translate="no">
      {first}
    </span>
  )
}
const MARK_TONES = 5

/** The pages of one account. */
export const AccountTabs = ({ account, at }: { account: AccountView; at: string }) => {
  const texts = useText(ACCOUNT_TEXTS)
  const path = accountPath(account.appId)
  const tabs: [string, string][] = [
    [path, texts.details],
    [`${path}/settings`, texts.settings],
    ...(useMay('operator') ? ([[`${path}/menu`, texts.menu]] as [string, string][]) : []),
    ...(account.kind === 'owned' && useMay('operator')
      ? ([[`${path}/connect`, texts.connection]] as [string, string][])
      : []),
  ]
  return (
    <nav class="tab-row" aria-label={texts.pages}>
      {tabs.map(([href, title]) => (
        <a href={href} aria-current={href === at ? 'page' : undefined}>
          {title}
        </a>
      ))}
    </nav>
  )
}

/** The state and the AppID, below the title of an account's page. */
export const AccountHead = ({ account }: { account: AccountView }) => (
  <div class="row">
    <AccountState account={account} />
    <Code>{account.appId}</Code>
  </div>
)
