import type { Context, Hono } from 'hono'
import { checkSource } from '../../api/campaigns/campaign-files.ts'
import type { ApiAnswer } from '../../api/session-api.ts'
import { listTargetAccounts } from '../../api/views/campaign-account-view.ts'
import { campaignsReplaced } from '../../campaign/conflict-warnings.ts'
import { diffCampaigns } from '../../campaign/diff.ts'
import { readFile } from '../../campaign/editing/campaign-items.ts'
import { type OpenCampaign, openCampaign } from '../campaigns/framed-campaign.ts'
import { WithMedia } from '../components/step-name.tsx'
import type { PageDeps } from '../console-deps.ts'
import { formAction, notDone } from '../form-action.tsx'
import { done } from '../notice.ts'
import { numberOf } from '../number-of.ts'
import { NotFoundPage } from '../pages/error-pages.tsx'
import { PublishPage, type PublishPlan } from '../pages/publish-page.tsx'
import { campaignPath } from '../paths.ts'
import { respond } from '../respond.tsx'
import { readMediaNames } from '../steps/media-names.ts'
import { requirePageRole } from './page-role.tsx'

/** `/campaigns/ID/publish` */
export function addPublishPages(app: Hono, deps: PageDeps): void {
  app.get('/campaigns/:id/publish', requirePageRole(deps, 'operator'), (c) => publishPage(c, deps, 200, null))
  formAction(app, { path: '/campaigns/:id/publish', role: 'operator' }, deps, async (c, field) => {
    const id = c.req.param('id') ?? ''
    const path = campaignPath(id)
    const query = new URLSearchParams({ revision: field('revision') })
    if (field('bodies') === 'running') query.set('bodies', 'running')
    const note = field('note').trim()
    if (note !== '') query.set('note', note)
    const headers: Record<string, string> =
      field('version') === '0' ? { 'if-none-match': '*' } : { 'if-match': `"${field('version')}"` }
    const answer = await deps.api.call(c, 'POST', `/api${path}/draft/publish?${query}`, { headers })
    if (answer.error)
      return publishRefused(c, deps, answer, {
        revision: numberOf(field('revision')),
        values: { note, bodies: field('bodies') },
      })
    const published = answer.body as { version: number; unchanged: boolean }
    const name = (await deps.campaigns.find(id))?.version?.model.name ?? id
    return done(c, path, published.unchanged ? 'publishedSame' : 'published', name, published.version)
  })
}

/** What somebody has tried to publish. */
interface Sent {
  /** Null: none that there can be. */
  revision: number | null
  values: Record<string, string>
}

/** Both versions are shown after a conflict; errors of the check stand on the page. */
async function publishRefused(c: Context, deps: PageDeps, answer: ApiAnswer, sent: Sent) {
  const id = c.req.param('id') ?? ''
  const draft = await deps.drafts.find(id)
  const isShown = ['conflict', 'campaign-retired'].includes(answer.error?.code ?? '') || answer.status === 422
  if (!draft || !isShown) return notDone(c, answer, `${campaignPath(id)}/versions`)
  return publishPage(c, deps, answer.status === 422 ? 422 : 409, sent)
}

async function publishPage(c: Context, deps: PageDeps, status: 200 | 409 | 422, sent: Sent | null) {
  const open = await openCampaign(deps, c.req.param('id') ?? '')
  if (!open) return respond(c, <NotFoundPage />, 404)
  const plan = await planOf(deps, open, sent?.revision ?? null)
  const state = { values: sent?.values ?? {}, problems: {} }
  const media = await readMediaNames(deps.db, plan?.between ?? [])
  return respond(
    c,
    <WithMedia names={media}>
      <PublishPage campaign={open.framed} plan={plan} state={state} />
    </WithMedia>,
    status,
  )
}

/** @param seen the revision that the reader has tried to publish */
async function planOf(deps: PageDeps, open: OpenCampaign, seen: number | null): Promise<PublishPlan | null> {
  const { draft, stored, framed } = open
  if (!draft) return null
  const { campaign, issues, warnings, others } = await checkSource(deps, draft.source, { pathId: draft.id })
  const before = stored?.version?.model
  const newest = framed.version ?? 0
  const isOvertaken = newest > (draft.baseVersion ?? 0)
  return {
    draft,
    errors: issues,
    warnings,
    between: [readFile(draft.source).fields, before ?? null],
    changes: campaign && before ? diffCampaigns(before, campaign) : null,
    targets: campaign ? await listTargetAccounts(deps, campaign) : [],
    replaced: campaign ? campaignsReplaced(campaign, others).map(({ name }) => name) : [],
    overtaken: isOvertaken ? { by: stored?.version?.publishedBy ?? null, version: newest } : null,
    savedBy: seen !== null && seen !== draft.revision ? draft.savedBy : null,
  }
}
