import { CampaignFrame, type FramedCampaign } from '../components/campaign-frame.tsx'
import { campaignPath } from '../paths.ts'
import { YAML_TEXTS } from '../texts/yaml-texts.ts'
import { useText, useView } from '../view.ts'

/** `/campaigns/ID/yaml`: the file of the draft, or of the newest version, in an editor. */
export const CampaignYamlPage = ({ campaign, source }: { campaign: FramedCampaign; source: string }) => {
  const texts = useText(YAML_TEXTS)
  const { language } = useView()
  const { id, draft } = campaign
  const path = campaignPath(id)
  return (
    <CampaignFrame campaign={campaign} at="yaml" scripts={['yaml-editor']}>
      <p class="quiet list-summary">
        {draft === null ? texts.readOnly : texts.intro} {texts.keys}
      </p>
      <section
        class="card yaml-card"
        data-yaml-editor
        data-campaign={id}
        data-revision={draft?.revision ?? 0}
        data-texts={JSON.stringify({ ...texts, language })}
      >
        <div class="compare-head">
          <h2>
            <span translate="no">{`${id}.yaml`}</span>{' '}
            <span class="quiet" data-status role="status">
              {draft === null ? '' : texts.saved}
            </span>
          </h2>
          <a class="button" href={draft === null ? `${path}/file` : `${path}/file?version=draft`}>
            {texts.export}
          </a>
        </div>
        <div class="yaml-question" data-question role="alert" />
        <textarea translate="no" class="code" rows={24} readonly aria-label={texts.label} spellcheck={false}>
          {source}
        </textarea>
        <h3>
          {texts.findings}{' '}
          <span class="quiet" data-summary role="status">
            {texts.notChecked}
          </span>
        </h3>
        <ul class="issues" data-findings />
      </section>
    </CampaignFrame>
  )
}
