import type { TargetAccount } from '../../api/views/campaign-account-view.ts'
import type { CampaignChange } from '../../campaign/diff.ts'
import type { Issue } from '../../campaign/issue.ts'
import type { Draft } from '../../store/campaigns/draft-store.ts'
import { Code, Data, useActorName } from '../components/basics.tsx'
import { ChangeList } from '../components/campaign-changes.tsx'
import { CampaignFrame, type FramedCampaign } from '../components/campaign-frame.tsx'
import { CheckField, type FormState, NEW_FORM, TextField } from '../components/forms.tsx'
import { IssueList } from '../components/issue-list.tsx'
import { useNumber } from '../components/numbers.tsx'
import type { Named } from '../components/step-name.tsx'
import { Icon } from '../design/icons.tsx'
import { campaignPath } from '../paths.ts'
import { PUBLISH_TEXTS } from '../texts/version-texts.ts'
import { useText, useView } from '../view.ts'

/** What the check says about a draft, and what its publication changes. */
export interface PublishPlan {
  draft: Draft
  errors: readonly Issue[]
  warnings: readonly Issue[]
  /** null: it is the first publication, or the draft has errors. */
  changes: readonly CampaignChange[] | null
  /** The draft's fields and the live version, which name the steps; null: it cannot be read. */
  between: readonly Named[]
  targets: readonly TargetAccount[]
  /** The names of live campaigns whose followers will enter this one instead. */
  replaced: readonly string[]
  /** Published after the draft was begun: by whom, and its number. */
  overtaken: { by: string | null; version: number } | null
  /** Somebody has saved the draft since the reader has opened the page. */
  savedBy: string | null
}

/** `/campaigns/ID/publish` */
export const PublishPage = (props: {
  campaign: FramedCampaign
  plan: PublishPlan | null
  /** What was typed before a refusal. */
  state?: FormState
}) => {
  const { campaign, plan, state = NEW_FORM } = props
  const texts = useText(PUBLISH_TEXTS)
  const path = campaignPath(campaign.id)
  const next = (campaign.version ?? 0) + 1
  return (
    <CampaignFrame campaign={campaign} at={null} page="publish">
      {plan === null ? (
        <div class="empty">
          <p>{texts.noDraft}</p>
          <p>
            <a class="button" href={`${path}/versions`}>
              {texts.toVersions}
            </a>
          </p>
        </div>
      ) : (
        <section class="card form-card publish">
          <h2>{texts.title(next)}</h2>
          <Meanwhile path={path} plan={plan} />
          <Findings path={path} plan={plan} />
          <Changes campaign={campaign} plan={plan} />
          <Affected campaign={campaign} plan={plan} next={next} />
          <PublishForm campaign={campaign} plan={plan} next={next} state={state} />
        </section>
      )}
    </CampaignFrame>
  )
}

/** What others have done since the draft was begun or opened. */
const Meanwhile = ({ path, plan }: { path: string; plan: PublishPlan }) => {
  const texts = useText(PUBLISH_TEXTS)
  const actor = useActorName()
  const { overtaken, savedBy, draft } = plan
  const base = draft.baseVersion
  return (
    <>
      {savedBy === null ? null : (
        <p class="note amber" role="alert">
          <Icon name="triangle-alert" />
          <span>{texts.changed(actor(savedBy))}</span>
        </p>
      )}
      {overtaken === null ? null : (
        <div class="note red" role="alert">
          <Icon name="circle-alert" />
          <div>
            <p>
              {texts.conflict(
                overtaken.by === null ? texts.somebody : actor(overtaken.by),
                overtaken.version,
                base === null ? texts.fromNothing : texts.baseVersion(base),
              )}
            </p>
            <ul>
              {base === null ? null : (
                <li>
                  <a href={`${path}/versions?compare=${base}..${overtaken.version}`}>{texts.seeOthers}</a>
                </li>
              )}
              <li>
                <a href={`${path}/versions?compare=${overtaken.version}..draft`}>{texts.seeOwn}</a>
              </li>
            </ul>
          </div>
        </div>
      )}
    </>
  )
}

const Findings = ({ path, plan }: { path: string; plan: PublishPlan }) => {
  const texts = useText(PUBLISH_TEXTS)
  const { errors, warnings } = plan
  if (errors.length + warnings.length === 0)
    return (
      <p class="note green">
        <Icon name="circle-check" />
        <span>{texts.clean}</span>
      </p>
    )
  return (
    <>
      {errors.length === 0 ? null : (
        <div class="note red">
          <Icon name="circle-alert" />
          <div>
            <b>{texts.errors(errors.length)}</b>
            <IssueList issues={errors} of={plan.between[0] ?? null} editor={`${path}/yaml`} />
          </div>
        </div>
      )}
      {warnings.length === 0 ? null : (
        <div class="note amber">
          <Icon name="triangle-alert" />
          <div>
            <b>{texts.warnings(warnings.length)}</b>
            <IssueList issues={warnings} of={plan.between[0] ?? null} editor={`${path}/yaml`} />
          </div>
        </div>
      )}
    </>
  )
}

const Changes = ({ campaign, plan }: { campaign: FramedCampaign; plan: PublishPlan }) => {
  const texts = useText(PUBLISH_TEXTS)
  const { changes } = plan
  if (campaign.version === null) return <p>{texts.first}</p>
  if (changes === null) return null
  return (
    <>
      <h3>{texts.changes}</h3>
      {changes.length === 0 ? (
        <p>{texts.unchanged}</p>
      ) : (
        <ChangeList changes={changes} between={plan.between} />
      )}
    </>
  )
}

const Affected = (props: { campaign: FramedCampaign; plan: PublishPlan; next: number }) => {
  const texts = useText(PUBLISH_TEXTS)
  const { language } = useView()
  const number = useNumber()
  const { campaign, plan, next } = props
  const cannot = plan.targets.filter(({ reasons }) => reasons.length > 0)
  const can = plan.targets.length - cannot.length
  if (plan.errors.length > 0) return null
  return (
    <>
      <h3>{texts.who}</h3>
      <ul class="affected">
        <li>
          <Icon name="users" />
          <span>
            {campaign.state === 'paused' ? texts.paused(next) : texts.newFollowers(next)}{' '}
            {campaign.active === 0 ? texts.nobody : texts.inside(number(campaign.active))}
          </span>
        </li>
        <li>
          <Icon name="radio-tower" />
          <span>{campaign.state === 'paused' ? texts.accountsPaused(can) : texts.accounts(can)}</span>
        </li>
        {plan.replaced.length === 0 ? null : (
          <li>
            <Icon name="triangle-alert" />
            <div>
              {texts.replaced}
              <ul>
                {plan.replaced.map((name) => (
                  <li>
                    <Data>{name}</Data>
                  </li>
                ))}
              </ul>
            </div>
          </li>
        )}
        {cannot.length === 0 ? null : (
          <li>
            <Icon name="triangle-alert" />
            <div>
              {texts.cannot(cannot.length)}
              <ul>
                {cannot.map((account) => (
                  <li>
                    {account.name === null ? <Code>{account.appId}</Code> : <Data>{account.name}</Data>}{' '}
                    <span class="quiet">{account.reasons.map((reason) => reason[language]).join(' ')}</span>
                  </li>
                ))}
              </ul>
            </div>
          </li>
        )}
      </ul>
    </>
  )
}

const PublishForm = (props: {
  campaign: FramedCampaign
  plan: PublishPlan
  next: number
  state: FormState
}) => {
  const texts = useText(PUBLISH_TEXTS)
  const { campaign, plan, next } = props
  const path = campaignPath(campaign.id)
  const isRetired = campaign.state === 'retired'
  const isPossible = plan.errors.length === 0 && !isRetired
  return (
    <form method="post" action={`${path}/publish`}>
      {isRetired ? (
        <p class="note amber">
          <Icon name="triangle-alert" />
          <span>{texts.retired}</span>
        </p>
      ) : null}
      <input type="hidden" name="revision" value={plan.draft.revision} />
      <input type="hidden" name="version" value={campaign.version ?? 0} />
      {isPossible ? (
        <TextField name="note" label={texts.note} hint={texts.noteHint} state={props.state} maxlength={200} />
      ) : null}
      {isPossible && campaign.active > 0 ? (
        <CheckField
          name="bodies"
          value="running"
          label={texts.bodies}
          hint={texts.bodiesHint}
          state={props.state}
        />
      ) : null}
      <div class="dialog-actions">
        <a class="button" href={`${path}/edit`}>
          {texts.edit}
        </a>
        {isPossible ? (
          <button type="submit" class={plan.overtaken ? 'danger' : 'main'}>
            {plan.overtaken ? texts.submitAnyway(next) : texts.submit}
          </button>
        ) : null}
      </div>
    </form>
  )
}
