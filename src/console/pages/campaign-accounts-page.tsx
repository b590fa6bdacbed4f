import type { TargetAccount } from '../../api/views/campaign-account-view.ts'
import { Code, Data, Empty, NextPage } from '../components/basics.tsx'
import { CampaignFrame, type FramedCampaign } from '../components/campaign-frame.tsx'
import { type Column, DataTable } from '../components/data-table.tsx'
import { FormDialog, FormProblem, type FormState, OpensDialog } from '../components/forms.tsx'
import { campaignPath } from '../paths.ts'
import { CAMPAIGN_TEXTS } from '../texts/page-texts.ts'
import { CAMPAIGN_ACCOUNT_TEXTS } from '../texts/try-texts.ts'
import { useMay, useText, useView } from '../view.ts'

export interface CampaignAccountsProps {
  campaign: FramedCampaign
  targets: { items: TargetAccount[]; next: string | null }
  /** Whether the file names its accounts. */
  isNamed: boolean
  /** Accounts that do not have the campaign yet, as far as they fit the search. */
  others: TargetAccount[]
  hasMore: boolean
  find: string
  state: FormState
  /** The chosen accounts of a refused form. */
  chosen: readonly string[]
}

/** `/campaigns/ID/accounts` */
export const CampaignAccountsPage = (props: CampaignAccountsProps) => {
  const texts = useText(CAMPAIGN_ACCOUNT_TEXTS)
  const mayChange = useMay('operator') && props.campaign.state !== 'retired'
  return (
    <CampaignFrame campaign={props.campaign} at="accounts">
      <FormProblem state={props.state} />
      <section class="card">
        <h2>{texts.title}</h2>
        <Targets {...props} mayChange={mayChange} />
      </section>
      {mayChange ? (
        <section class="card">
          <h2>{texts.add}</h2>
          {props.isNamed ? <AddAccounts {...props} /> : <p>{texts.every}</p>}
        </section>
      ) : null}
    </CampaignFrame>
  )
}

const Targets = (props: CampaignAccountsProps & { mayChange: boolean }) => {
  const texts = useText(CAMPAIGN_TEXTS)
  const { remove: removeTitle } = useText(CAMPAIGN_ACCOUNT_TEXTS)
  const { targets, campaign, isNamed, mayChange } = props
  if (targets.items.length === 0) return <Empty text={texts.noAccount} />
  const columns: Column<TargetAccount>[] = [
    { title: texts.name, cell: (a) => (a.name === null ? null : <Data>{a.name}</Data>) },
    { title: 'AppID', cell: (a) => <Code>{a.appId}</Code> },
    {
      title: texts.canRun,
      cell: (a) => (a.reasons.length === 0 ? texts.yes : <b class="bad">{texts.no}</b>),
    },
    { title: texts.reasons, cell: (a) => (a.reasons.length === 0 ? null : <Reasons account={a} />) },
  ]
  const canRemove = mayChange && isNamed && targets.items.length > 1
  return (
    <>
      <DataTable
        columns={[
          ...columns,
          ...(canRemove
            ? [{ title: removeTitle, cell: (a: TargetAccount) => <Remove campaign={campaign} account={a} /> }]
            : []),
        ]}
        rows={targets.items}
      />
      <NextPage cursor={targets.next} />
    </>
  )
}

const Reasons = ({ account }: { account: TargetAccount }) => {
  const { language } = useView()
  return (
    <>
      {account.reasons.map((reason) => (
        <div>{reason[language]}</div>
      ))}
    </>
  )
}

const Remove = ({ campaign, account }: { campaign: FramedCampaign; account: TargetAccount }) => {
  const texts = useText(CAMPAIGN_ACCOUNT_TEXTS)
  const id = `remove-${account.appId}`
  return (
    <>
      <OpensDialog dialog={id} label={texts.remove} />
      <FormDialog
        id={id}
        title={texts.removeTitle(account.name ?? account.appId)}
        action={`${campaignPath(campaign.id)}/accounts`}
        submit={texts.remove}
        tone="danger"
      >
        <p>{texts.removeHint}</p>
        <input type="hidden" name="remove" value={account.appId} />
        <input type="hidden" name="version" value={campaign.version ?? 0} />
      </FormDialog>
    </>
  )
}

const AddAccounts = (props: CampaignAccountsProps) => {
  const texts = useText(CAMPAIGN_ACCOUNT_TEXTS)
  const { campaign, others, find, hasMore, chosen } = props
  const path = `${campaignPath(campaign.id)}/accounts`
  const needsForce = others.some(({ reasons }) => reasons.length > 0)
  return (
    <>
      <p class="list-summary">{texts.addHint}</p>
      <form method="get" action={path} class="filters">
        <input
          type="search"
          name="find"
          value={find}
          placeholder={texts.find}
          aria-label={texts.find}
          data-find
        />
        <button type="submit">{texts.search}</button>
      </form>
      {others.length === 0 ? (
        <p>{texts.none}</p>
      ) : (
        <form method="post" action={path}>
          <input type="hidden" name="version" value={campaign.version ?? 0} />
          <ul class="choices">
            {others.map((account) => (
              <li>
                <label class="check">
                  <input
                    type="checkbox"
                    name="add"
                    value={account.appId}
                    checked={chosen.includes(account.appId)}
                  />
                  <span>
                    <Data>{account.name}</Data> <Code>{account.appId}</Code>
                    <Reasons account={account} />
                  </span>
                </label>
              </li>
            ))}
          </ul>
          {hasMore ? <p class="quiet">{texts.more}</p> : null}
          {needsForce ? (
            <label class="check">
              <input type="checkbox" name="force" value="yes" />
              <span>{texts.force}</span>
            </label>
          ) : null}
          <div class="dialog-actions">
            <button type="submit" class="main">
              {texts.submit}
            </button>
          </div>
        </form>
      )}
    </>
  )
}
