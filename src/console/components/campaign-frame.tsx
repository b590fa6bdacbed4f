import type { Child } from 'hono/jsx'
import type { Draft } from '../../store/campaigns/draft-store.ts'
import { campaignPath } from '../paths.ts'
import { Page } from '../shell/page.tsx'
import { CAMPAIGN_FRAME_TEXTS } from '../texts/campaign-frame-texts.ts'
import { CAMPAIGN_STATES, useLabel } from '../texts/labels.ts'
import { useMay, useText } from '../view.ts'
import { Actor, StatePill, Time } from './basics.tsx'
import { ManageCampaign } from './campaign-manage.tsx'
import { type CampaignTab, CampaignTabs } from './campaign-tabs.tsx'
import { useNumber } from './numbers.tsx'

/** A campaign as the head of its pages shows it. */
export interface FramedCampaign {
  id: string
  name: string
  /** `draft`: it was never published. */
  state: 'live' | 'paused' | 'retired' | 'draft'
  /** null: it was never published. */
  version: number | null
  draft: Pick<Draft, 'revision' | 'savedAt' | 'savedBy'> | null
  /** Runs that have not ended. */
  active: number
}

type FramePage = 'dry-run' | 'test' | 'publish'

/** A page of one campaign: its name, what can be done with it, its state, and the row of its pages. */
export const CampaignFrame = (props: {
  campaign: FramedCampaign
  /** null: a page without a tab. */
  at: CampaignTab | null
  /** A page that a button of the head opens: the button is left out there. */
  page?: FramePage
  scripts?: readonly string[]
  children?: Child
}) => {
  const { campaign, at, page, scripts = [] } = props
  return (
    <Page
      title={campaign.name}
      at="/campaigns"
      aside={<FrameActions campaign={campaign} page={page ?? null} />}
      scripts={scripts}
    >
      <FrameState campaign={campaign} />
      <CampaignTabs id={campaign.id} at={at} isPublished={campaign.version !== null} />
      {props.children}
    </Page>
  )
}

/** What can be done with a campaign, beside its name. */
export const FrameActions = (props: { campaign: FramedCampaign; page?: FramePage | null }) => {
  const { campaign, page = null } = props
  const texts = useText(CAMPAIGN_FRAME_TEXTS)
  const { id, state, draft, active, name } = campaign
  const path = campaignPath(id)
  if (!useMay('operator')) return null
  return (
    <div class="row">
      <ManageCampaign campaign={{ id, name, state, hasDraft: draft !== null, active }} />
      {page === 'dry-run' ? null : (
        <a class="button" href={`${path}/dry-run`}>
          {texts.dryRun}
        </a>
      )}
      {page === 'test' ? null : (
        <a class="button" href={`${path}/test`}>
          {texts.test}
        </a>
      )}
      {draft === null || page === 'publish' ? null : (
        <a class="button main" href={`${path}/publish`}>
          {texts.publish}
        </a>
      )}
    </div>
  )
}

const FrameState = ({ campaign }: { campaign: FramedCampaign }) => {
  const texts = useText(CAMPAIGN_FRAME_TEXTS)
  const label = useLabel(CAMPAIGN_STATES)
  const number = useNumber()
  const { state, version, draft, active } = campaign
  return (
    <p class="row quiet frame-state">
      <StatePill state={state} label={state === 'draft' ? texts.draft : label(state)} />
      {version === null ? texts.neverPublished : texts.live(version, number(active))}
      {draft === null ? null : (
        <span>
          {texts.draftSaved} <Actor name={draft.savedBy} />{' '}
          <Time at={new Date(draft.savedAt).toISOString()} />
        </span>
      )}
    </p>
  )
}
