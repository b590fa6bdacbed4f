import type { Context, Hono } from 'hono'
import type { CampaignChange } from '../../campaign/diff.ts'
import { readFile } from '../../campaign/editing/campaign-items.ts'
import type { Issue } from '../../campaign/issue.ts'
import { type OpenCampaign, openCampaign } from '../campaigns/framed-campaign.ts'
import { type Named, WithMedia } from '../components/step-name.tsx'
import { PAGE_SIZE, type PageDeps } from '../console-deps.ts'
import { formAction, notDone } from '../form-action.tsx'
import { done } from '../notice.ts'
import { numberOf } from '../number-of.ts'
import {
  CampaignVersionsPage,
  type Comparison,
  type Side,
  type VersionsPageProps,
} from '../pages/campaign-versions-page.tsx'
import { NotFoundPage } from '../pages/error-pages.tsx'
import { campaignPath } from '../paths.ts'
import { respond } from '../respond.tsx'
import { languageOf } from '../shell/preferences.tsx'
import { readMediaNames } from '../steps/media-names.ts'
import { VERSION_TEXTS } from '../texts/version-texts.ts'

/** `/campaigns/ID/versions`: the list, the comparison, and the way back to an older version. */
export function addCampaignVersionPages(app: Hono, deps: PageDeps): void {
  app.get('/campaigns/:id/versions', async (c) => {
    const open = await openCampaign(deps, c.req.param('id'))
    return open ? versionsPage(c, deps, open) : respond(c, <NotFoundPage />, 404)
  })
  const operator = { role: 'operator' } as const
  formAction(app, { path: '/campaigns/:id/versions/restore', ...operator }, deps, (c, field) =>
    restoreVersion(c, deps, field),
  )
  formAction(app, { path: '/campaigns/:id/versions/rollback', ...operator }, deps, (c, field) =>
    rollBack(c, deps, field),
  )
}

async function versionsPage(c: Context, deps: PageDeps, open: OpenCampaign) {
  const { framed, stored } = open
  const before = numberOf(c.req.query('before')) ?? undefined
  const found = stored ? await deps.campaigns.versions(framed.id, { before, limit: PAGE_SIZE + 1 }) : []
  const versions = found.slice(0, PAGE_SIZE)
  const older = found.length > PAGE_SIZE ? (versions.at(-1)?.version ?? null) : null
  const sides = chosenSides(c, open)
  const view = c.req.query('view') === 'text' ? ('text' as const) : ('words' as const)
  const compared: VersionsPageProps['compared'] =
    sides === null ? null : { ...sides, view, result: await compare(c, deps, framed.id, { ...sides, view }) }
  const { activeByVersion } = open
  const props = { campaign: framed, versions, older, activeByVersion, compared }
  const media = await readMediaNames(deps.db, namedIn(compared?.result))
  return respond(
    c,
    <WithMedia names={media}>
      <CampaignVersionsPage {...props} />
    </WithMedia>,
  )
}

/** What names the steps of a comparison. */
const namedIn = (result: Comparison | undefined): readonly Named[] => {
  if (!result || 'sources' in result) return []
  return 'between' in result ? result.between : [result.of]
}

/** `?compare=6..draft`, or `?from=6&to=draft`. Default: what the draft changes, or what the newest version has changed. */
function chosenSides(c: Context, { framed }: OpenCampaign): { from: Side; to: Side } | null {
  const { compare: pair = '', from, to } = c.req.query()
  const [first, second] = pair === '' ? [from, to] : pair.split('..')
  const [a, b] = [sideOf(first), sideOf(second)]
  if (a !== null && b !== null) return { from: a, to: b }
  const { version, draft } = framed
  if (version === null) return null
  if (draft) return { from: version, to: 'draft' }
  return version > 1 ? { from: version - 1, to: version } : null
}

const sideOf = (text: string | undefined): Side | null => (text === 'draft' ? 'draft' : numberOf(text))

async function compare(
  c: Context,
  deps: PageDeps,
  id: string,
  { from, to, view }: { from: Side; to: Side; view: 'words' | 'text' },
): Promise<Comparison> {
  const [before, after] = await Promise.all([sourceOf(deps, id, from), sourceOf(deps, id, to)])
  const areThere = before !== null && after !== null
  // The texts of two files can be compared even if one of them has errors.
  if (areThere && view === 'text') return { sources: { from: before, to: after } }
  const answer = await deps.api.call(c, 'GET', `/api${campaignPath(id)}/diff?from=${from}&to=${to}`)
  if (areThere && answer.error === null) {
    const { changes } = answer.body as { changes: CampaignChange[] }
    const between = await Promise.all([stepsOf(deps, id, to, after), stepsOf(deps, id, from, before)])
    return { changes, between }
  }
  const { message = '', issues = [] } = answer.error ?? {}
  // A draft has errors; a published version has none.
  const [side, source] = from === 'draft' ? [from, before] : [to, after]
  const of = source === null ? null : await stepsOf(deps, id, side, source)
  return { problem: issues.length > 0 ? '' : message, issues: issues as Issue[], of }
}

async function sourceOf({ drafts, campaigns }: PageDeps, id: string, side: Side): Promise<string | null> {
  const found = side === 'draft' ? await drafts.find(id) : await campaigns.findVersion(id, side)
  return found?.source ?? null
}

/** What the steps of a side are named by: the stored version, which is kept in memory, or its text, with or without errors. */
async function stepsOf({ campaigns }: PageDeps, id: string, side: Side, source: string): Promise<Named> {
  const stored = side === 'draft' ? null : await campaigns.version(id, side)
  return stored?.model ?? readFile(source).fields
}

async function restoreVersion(c: Context, deps: PageDeps, field: (name: string) => string) {
  const id = c.req.param('id') ?? ''
  const path = campaignPath(id)
  const version = numberOf(field('version'))
  const source = version === null ? null : await sourceOf(deps, id, version)
  if (version === null || source === null) return respond(c, <NotFoundPage />, 404)
  const revision = numberOf(field('revision'))
  const expected: Record<string, string> =
    revision === null ? { 'if-none-match': '*' } : { 'if-match': `"${revision}"` }
  const headers = { 'content-type': 'application/yaml', ...expected }
  const answer = await deps.api.call(c, 'PUT', `/api${path}/draft`, { body: source, headers })
  if (answer.error) return notDone(c, answer, `${path}/versions`)
  return done(c, `${path}/versions?compare=${field('newest') || version}..draft`, 'versionRestored', version)
}

async function rollBack(c: Context, deps: PageDeps, field: (name: string) => string) {
  const id = c.req.param('id') ?? ''
  const path = campaignPath(id)
  const version = numberOf(field('version'))
  const newest = numberOf(field('newest'))
  if (version === null || newest === null) return respond(c, <NotFoundPage />, 404)
  const headers = { 'if-match': `"${newest}"` }
  const note = field('note').trim()
  const json = { version, ...(note === '' ? {} : { note }) }
  const answer = await deps.api.call(c, 'POST', `/api${path}/rollback`, { json, headers })
  const { error } = answer
  if (error?.code === 'conflict') {
    const current = (error.current as { version?: number } | null)?.version ?? newest
    const message = VERSION_TEXTS[languageOf(c)].conflict(current)
    return notDone(
      c,
      { ...answer, error: { ...error, message } },
      `${path}/versions?compare=${newest}..${current}`,
    )
  }
  if (error) return notDone(c, answer, `${path}/versions`)
  const published = (answer.body as { version: number }).version
  return done(c, `${path}/versions?compare=${newest}..${published}`, 'rolledBack', version, published)
}
