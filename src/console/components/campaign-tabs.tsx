import { campaignPath } from '../paths.ts'
import { CAMPAIGN_TAB_TEXTS } from '../texts/campaign-tab-texts.ts'
import { useMay, useText } from '../view.ts'

const TABS = [
  { name: 'results', path: '', needs: 'version', role: 'viewer' },
  { name: 'edit', path: '/edit', needs: null, role: 'operator' },
  { name: 'yaml', path: '/yaml', needs: null, role: 'operator' },
  { name: 'versions', path: '/versions', needs: null, role: 'viewer' },
  { name: 'accounts', path: '/accounts', needs: 'version', role: 'viewer' },
] as const
export type CampaignTab = (typeof TABS)[number]['name']

/**
 * The pages of one campaign, below its name. A campaign that was never published has no results and no accounts; whoever may not
 * change campaigns sees no editor.
 * @param at the page that shows the row; null: another page of the campaign
 */
export const CampaignTabs = (props: { id: string; at: CampaignTab | null; isPublished: boolean }) => {
  const { id, at, isPublished } = props
  const texts = useText(CAMPAIGN_TAB_TEXTS)
  const may = { viewer: useMay('viewer'), operator: useMay('operator') }
  const shown = TABS.filter(({ needs, role }) => may[role] && (needs === null || isPublished))
  return (
    <nav class="campaign-tabs" aria-label={texts.label}>
      {shown.map(({ name, path }) => (
        <a href={`${campaignPath(id)}${path}`} aria-current={name === at ? 'page' : undefined}>
          {texts[name]}
        </a>
      ))}
    </nav>
  )
}
