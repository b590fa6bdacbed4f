import type { CampaignChange } from '../../campaign/diff.ts'
import type { Issue } from '../../campaign/issue.ts'
import type { VersionItem } from '../../store/campaigns/campaign-versions.ts'
import { Actor, Data, Time } from '../components/basics.tsx'
import { ChangeList, FileDiff } from '../components/campaign-changes.tsx'
import { CampaignFrame, type FramedCampaign } from '../components/campaign-frame.tsx'
import { FormDialog, NEW_FORM, OpensDialog, TextField } from '../components/forms.tsx'
import { IssueList } from '../components/issue-list.tsx'
import { useNumber } from '../components/numbers.tsx'
import type { Named } from '../components/step-name.tsx'
import { Icon } from '../design/icons.tsx'
import { campaignPath } from '../paths.ts'
import { VERSION_TEXTS } from '../texts/version-texts.ts'
import { useMay, useText } from '../view.ts'

/** A version, or the draft. */
export type Side = number | 'draft'
/** What differs in words, `between` the newer side and the older one, or two files; `problem`: why they cannot be compared, and the side with errors. */
export type Comparison =
  | { changes: readonly CampaignChange[]; between: readonly Named[] }
  | { sources: { from: string; to: string } }
  | { problem: string; issues: readonly Issue[]; of: Named }

export interface VersionsPageProps {
  campaign: FramedCampaign
  versions: readonly VersionItem[]
  /** The number before which older versions begin; null: these are all. */
  older: number | null
  activeByVersion: ReadonlyMap<number, number>
  /** null: there is only one. */
  compared: { from: Side; to: Side; view: 'words' | 'text'; result: Comparison } | null
}

/** `/campaigns/ID/versions` */
export const CampaignVersionsPage = (props: VersionsPageProps) => {
  const texts = useText(VERSION_TEXTS)
  return (
    <CampaignFrame campaign={props.campaign} at="versions">
      <div class="versions">
        <VersionList {...props} />
        <section class="card" aria-label={texts.show}>
          {props.compared === null ? <p>{texts.only}</p> : <Compared {...props} compared={props.compared} />}
        </section>
      </div>
    </CampaignFrame>
  )
}

const VersionList = ({ campaign, versions, older, activeByVersion, compared }: VersionsPageProps) => {
  const texts = useText(VERSION_TEXTS)
  const number = useNumber()
  const { id, draft, version: newest } = campaign
  const path = `${campaignPath(id)}/versions`
  const shown = compared?.to
  // No version is before the first one: it is compared with the newest, which it replaces when it is published again.
  const before = (version: number) => (version > 1 ? version - 1 : (newest ?? version))
  return (
    <nav aria-label={texts.list}>
      <ol class="version-list">
        {draft === null ? null : (
          <li>
            <a
              href={newest === null ? path : `${path}?compare=${newest}..draft`}
              aria-current={shown === 'draft' ? 'true' : undefined}
            >
              <b>{texts.draft}</b>
              <span class="quiet">
                <Actor name={draft.savedBy} /> <Time at={new Date(draft.savedAt).toISOString()} />
              </span>
            </a>
          </li>
        )}
        {versions.map((v) => (
          <li>
            <a
              href={`${path}?compare=${before(v.version)}..${v.version}`}
              aria-current={shown === v.version ? 'true' : undefined}
            >
              <span class="name-line">
                <b>{texts.nth(v.version)}</b>
                {v.version === newest ? <span class="pill green">{texts.newest}</span> : null}
              </span>
              <span class="quiet">
                {v.publishedBy === null ? texts.unknownPublisher : <Actor name={v.publishedBy} />}{' '}
                <Time at={new Date(v.publishedAt).toISOString()} />
              </span>
              {v.restoredFrom === null ? null : (
                <span class="quiet">{texts.restoredFrom(v.restoredFrom)}</span>
              )}
              {v.note === null ? null : (
                <span class="version-note">
                  <Data>{v.note}</Data>
                </span>
              )}
              {activeByVersion.get(v.version) === undefined ? null : (
                <span>{texts.inside(number(activeByVersion.get(v.version) ?? 0))}</span>
              )}
            </a>
          </li>
        ))}
      </ol>
      {older === null ? null : (
        <p class="pages">
          <a class="button" href={`${path}?before=${older}`}>
            {texts.more}
          </a>
        </p>
      )}
    </nav>
  )
}

type ComparedProps = VersionsPageProps & { compared: NonNullable<VersionsPageProps['compared']> }

const Compared = (props: ComparedProps) => {
  const { campaign, compared } = props
  const texts = useText(VERSION_TEXTS)
  const number = useNumber()
  const { from, to, view, result } = compared
  const path = campaignPath(campaign.id)
  const titled = useSideName()
  return (
    <>
      <div class="compare-head">
        <h2>{texts.compare(titled(from), titled(to))}</h2>
        <nav class="segments" aria-label={texts.show}>
          {(['words', 'text'] as const).map((v) => (
            <a
              href={`${path}/versions?compare=${from}..${to}${v === 'text' ? '&view=text' : ''}`}
              aria-current={v === view ? 'true' : undefined}
            >
              {texts[v]}
            </a>
          ))}
        </nav>
      </div>
      <ChooseSides {...props} />
      {'problem' in result ? (
        <Refused {...result} editor={to === 'draft' ? `${path}/yaml` : null} />
      ) : 'sources' in result ? (
        <FileDiff {...result.sources} />
      ) : (
        <ChangeList {...result} />
      )}
      {to === 'draft' && campaign.active > 0 ? (
        <p class="note">
          <Icon name="users" />
          <span>
            <b>{texts.who}</b> {texts.affected(number(campaign.active))}
          </span>
        </p>
      ) : null}
      {typeof to === 'number' ? <VersionActions campaign={campaign} version={to} /> : null}
    </>
  )
}

/** Any two of the versions, also without scripts. */
const ChooseSides = ({ campaign, versions, compared }: ComparedProps) => {
  const texts = useText(VERSION_TEXTS)
  const titled = useSideName()
  const sides: Side[] = [...(campaign.draft ? ['draft' as const] : []), ...versions.map((v) => v.version)]
  const options = (chosen: Side) => {
    const all = sides.includes(chosen) ? sides : [...sides, chosen]
    return all.map((side) => (
      <option value={String(side)} selected={side === chosen}>
        {titled(side)}
      </option>
    ))
  }
  return (
    <form method="get" action={`${campaignPath(campaign.id)}/versions`} class="filters">
      <select name="from" aria-label={texts.from}>
        {options(compared.from)}
      </select>
      <select name="to" aria-label={texts.to}>
        {options(compared.to)}
      </select>
      {compared.view === 'text' ? <input type="hidden" name="view" value="text" /> : null}
      <button type="submit">{texts.show}</button>
    </form>
  )
}

const Refused = (props: { problem: string; issues: readonly Issue[]; of: Named; editor: string | null }) => (
  <div class="note red" role="alert">
    <Icon name="circle-alert" />
    <div>
      <b>{useText(VERSION_TEXTS).refused}</b> {props.problem}
      <IssueList issues={props.issues} of={props.of} editor={props.editor} />
    </div>
  </div>
)

/** An older version can be the draft, or be published again. */
const VersionActions = ({ campaign, version }: { campaign: FramedCampaign; version: number }) => {
  const texts = useText(VERSION_TEXTS)
  const number = useNumber()
  const newest = campaign.version ?? 0
  const path = `${campaignPath(campaign.id)}/versions`
  if (!useMay('operator')) return null
  const hidden = (
    <>
      <input type="hidden" name="version" value={version} />
      <input type="hidden" name="newest" value={newest} />
      <input type="hidden" name="revision" value={campaign.draft?.revision ?? 0} />
    </>
  )
  return (
    <div class="dialog-actions">
      <a class="button" href={`${campaignPath(campaign.id)}/file?version=${version}`}>
        {texts.download}
      </a>
      <OpensDialog dialog="restore-version" label={texts.restore(version)} />
      <FormDialog
        id="restore-version"
        title={texts.restoreTitle(version)}
        action={`${path}/restore`}
        submit={texts.restoreSubmit}
        tone={campaign.draft ? 'danger' : 'main'}
      >
        <p>{texts.restoreHint}</p>
        {campaign.draft ? <p>{texts.replacesDraft}</p> : null}
        {hidden}
      </FormDialog>
      {version === newest || campaign.state === 'retired' ? null : (
        <>
          <OpensDialog dialog="rollback" label={texts.rollback(version)} tone="danger" />
          <FormDialog
            id="rollback"
            title={texts.rollbackTitle(version, newest + 1)}
            action={`${path}/rollback`}
            submit={texts.rollbackSubmit}
            tone="danger"
          >
            <p>{texts.rollbackHint(number(campaign.active))}</p>
            <TextField
              name="note"
              label={texts.note}
              hint={texts.noteHint}
              state={NEW_FORM}
              maxlength={200}
            />
            {hidden}
          </FormDialog>
        </>
      )}
    </div>
  )
}

function useSideName(): (side: Side) => string {
  const texts = useText(VERSION_TEXTS)
  return (side) => (side === 'draft' ? texts.draft : texts.nth(side))
}
