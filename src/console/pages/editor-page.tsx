import { readFile, textOf } from '../../campaign/editing/campaign-items.ts'
import { CampaignTabs } from '../components/campaign-tabs.tsx'
import { EDITOR_ICONS, IconSprite } from '../design/icon-sprite.tsx'
import { Icon } from '../design/icons.tsx'
import type { EditorData } from '../editor-data.ts'
import { Page } from '../shell/page.tsx'
import { EDITOR_TEXTS } from '../texts/editor-texts.ts'
import { useText } from '../view.ts'

/** The frame of the editor. Its script draws the campaign. */
export const EditorPage = ({ data }: { data: EditorData }) => {
  const texts = useText(EDITOR_TEXTS)
  const name = textOf(readFile(data.source).fields?.name) || data.live?.name || data.id
  return (
    <Page title={name} at="/campaigns" scripts={['editor']} isCompact={true}>
      <CampaignTabs id={data.id} at="edit" isPublished={data.live !== null} />
      <IconSprite names={EDITOR_ICONS} />
      <noscript>
        <p class="note amber">
          <Icon name="triangle-alert" />
          <span>{texts.noScript}</span>
        </p>
      </noscript>
      <div id="editor" data-editor={JSON.stringify(data)}>
        <Skeleton />
      </div>
    </Page>
  )
}

/** Stands where the editor will be. */
const Skeleton = () => (
  <div class="skeleton" aria-hidden="true">
    <span>
      <i />
      <i />
      <i />
      <i />
    </span>
    <span>
      <i class="tall" />
    </span>
    <span>
      <i class="tall" />
    </span>
  </div>
)
