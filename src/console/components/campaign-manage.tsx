import type { Child } from 'hono/jsx'
import { campaignPath } from '../paths.ts'
import { CAMPAIGN_LIST_TEXTS } from '../texts/campaign-list-texts.ts'
import { FORM_TEXTS } from '../texts/form-texts.ts'
import { useMay, useText } from '../view.ts'
import { useNumber } from './numbers.tsx'

/** What can be done with a campaign as a whole depends on this. */
export interface ManagedCampaign {
  id: string
  name: string
  state: 'live' | 'paused' | 'retired' | 'draft'
  hasDraft: boolean
  /** Runs that have not ended. */
  active: number
}

/**
 * A button and its dialog with everything that can be done with a whole campaign: what it will do and whom it concerns stands
 * above each button. Nothing for readers who may not change campaigns.
 * @param back `list`: the forms lead back to the list, where the name of the campaign has the id `name-ID`
 */
export const ManageCampaign = (props: { campaign: ManagedCampaign; back?: 'list' }) => {
  const { campaign, back } = props
  const texts = useText(CAMPAIGN_LIST_TEXTS)
  const { cancel } = useText(FORM_TEXTS)
  const number = useNumber()
  const path = campaignPath(campaign.id)
  if (!useMay('operator')) return null
  const { id, state, hasDraft } = campaign
  const active = number(campaign.active)
  const inside = campaign.active > 0 ? texts.inside(active) : ''
  const form = { path, back: back ?? '' }
  return (
    <>
      <button
        type="button"
        data-opens={`manage-${id}`}
        aria-haspopup="dialog"
        id={`open-manage-${id}`}
        aria-labelledby={back === 'list' ? `open-manage-${id} name-${id}` : undefined}
      >
        {texts.manage}
      </button>
      <dialog id={`manage-${id}`} aria-labelledby={`manage-${id}-title`} class="manage">
        <h2 id={`manage-${id}-title`} translate="no">
          {campaign.name}
        </h2>
        {state === 'live' ? (
          <CampaignChange {...form} verb="pause" label={texts.pause} hint={`${texts.pauseHint}${inside}`} />
        ) : null}
        {state === 'paused' ? (
          <CampaignChange
            {...form}
            verb="resume"
            label={texts.resume}
            hint={`${texts.resumeHint}${inside}`}
            tone="main"
          />
        ) : null}
        {state === 'retired' ? (
          <CampaignChange
            {...form}
            verb="restore"
            label={texts.restore}
            hint={texts.restoreHint}
            tone="main"
          />
        ) : null}
        {state === 'live' || state === 'paused' ? (
          <CampaignChange {...form} verb="retire" label={texts.retire} hint={`${texts.retireHint}${inside}`}>
            {campaign.active > 0 ? (
              <label class="check">
                <input type="checkbox" name="cancel" value="yes" />
                <span>{texts.cancelRuns(active)}</span>
              </label>
            ) : null}
          </CampaignChange>
        ) : null}
        {hasDraft ? (
          <CampaignChange
            {...form}
            verb="delete-draft"
            label={texts.deleteDraft}
            hint={state === 'draft' ? texts.deleteOnlyDraft : texts.deleteDraftHint}
          />
        ) : null}
        <p class="manage-files">
          {state === 'draft' ? null : <a href={`${path}/file`}>{texts.export}</a>}
          {hasDraft ? <a href={`${path}/file?version=draft`}>{texts.exportDraft}</a> : null}
        </p>
        <div class="dialog-actions">
          <button type="button" data-closes autofocus>
            {cancel}
          </button>
        </div>
      </dialog>
    </>
  )
}

/** One change, with its consequence. */
const CampaignChange = (props: {
  path: string
  back: string
  verb: string
  label: string
  hint: string
  tone?: 'main'
  children?: Child
}) => (
  <form method="post" action={`${props.path}/${props.verb}`} class="change">
    <p>{props.hint}</p>
    {props.children}
    {props.back === '' ? null : <input type="hidden" name="back" value={props.back} />}
    <button type="submit" class={props.tone ?? 'danger'}>
      {props.label}
    </button>
  </form>
)
