import type { Context, Hono } from 'hono'
import { z } from 'zod'
import { ApiError } from '../../api/api-error.ts'
import { boundedBody } from '../../api/body/bounded-body.ts'
import { checkSource } from '../../api/campaigns/campaign-files.ts'
import { hasRole } from '../../auth/roles.ts'
import { FILE_MAX_CHARS, profileOf } from '../../campaign/check.ts'
import { playChosenWay, REPLY_PATTERNS } from '../../campaign/chosen-way.ts'
import { readFile } from '../../campaign/editing/campaign-items.ts'
import { createFixes } from '../../campaign/fixes/fixes-of.ts'
import type { Issue } from '../../campaign/issue.ts'
import type { Campaign } from '../../campaign/model.ts'
import { targetAccounts, withAccountQuietHours } from '../../campaign/target-accounts.ts'
import { readEditorFigures } from '../campaigns/editor-figures.ts'
import { editorIssues } from '../campaigns/editor-issues.ts'
import type { PageDeps } from '../console-deps.ts'
import type { EditorAnalysis, EditorData } from '../editor-data.ts'
import { EditorPage } from '../pages/editor-page.tsx'
import { NotFoundPage } from '../pages/error-pages.tsx'
import { respond } from '../respond.tsx'
import { languageOf } from '../shell/preferences.tsx'
import { readMediaNames } from '../steps/media-names.ts'

const MAX_ANALYSIS_BYTES = 1_024 * 1_024
/** Accounts that the editor offers by name. */
const MAX_ACCOUNTS = 200
/** Campaigns and receivers of webhooks that it offers. */
const MAX_NAMES = 200

const analysisRequest = z.strictObject({
  source: z.string().max(FILE_MAX_CHARS),
  replies: z.enum(REPLY_PATTERNS),
  branches: z.record(z.string().max(64), z.number().int().min(-1).max(9)),
})

/** `/campaigns/ID/edit`: the editor of a draft, and what it asks for while somebody writes. */
export function addEditorPages(app: Hono, deps: PageDeps): void {
  app.get('/campaigns/:id/edit', async (c) => {
    const data = await readEditorData(c, deps, c.req.param('id'))
    return data ? respond(c, <EditorPage data={data} />) : respond(c, <NotFoundPage />, 404)
  })
  app.get('/campaigns/:id/edit/figures', async (c) =>
    c.json(await readEditorFigures(c, deps, c.req.param('id'))),
  )
  const limit = boundedBody({
    budget: deps.bodyBudget,
    pool: 'signed-in',
    max: () => MAX_ANALYSIS_BYTES,
    tooLarge() {
      throw new ApiError(413, 'too-large', 'The request is larger than 1 MiB.')
    },
  })
  app.post('/campaigns/:id/edit/analysis', limit, async (c) => {
    const body = await c.req.json().catch(() => null)
    const { data } = analysisRequest.safeParse(body)
    if (!data) throw new ApiError(400, 'bad-request', 'The request cannot be read.')
    return c.json(await analyse(c, deps, c.req.param('id'), data))
  })
}

/** The draft, else the newest version; null when there is neither. */
async function readEditorData(c: Context, deps: PageDeps, id: string): Promise<EditorData | null> {
  const [draft, campaign, others, receivers] = await Promise.all([
    deps.drafts.find(id),
    deps.campaigns.find(id),
    readOthers(deps, id),
    deps.webhookEndpoints.list({ after: '', limit: MAX_NAMES }),
  ])
  const source = draft?.source ?? campaign?.source
  if (source === undefined) return null
  const accounts = deps.configCache.accounts().slice(0, MAX_ACCOUNTS)
  const { role, actor } = c.get('principal')
  return {
    id,
    source,
    revision: draft?.revision ?? null,
    savedAt: draft?.savedAt ?? null,
    savedBy: draft?.savedBy ?? null,
    live: campaign ? { version: campaign.row.version, name: campaign.version?.model.name ?? id } : null,
    accounts: accounts.map(({ appId, name, variables }) => ({
      appId,
      name: name ?? null,
      variables: Object.keys(variables ?? {}),
    })),
    campaigns: others.slice(0, MAX_NAMES).map(({ id: other, name }) => ({ id: other, name })),
    webhooks: receivers.map(({ name }) => name),
    me: actor,
    mayChange: hasRole(role, 'operator'),
    language: languageOf(c),
  }
}

/** The other live campaigns, by id. */
async function readOthers({ campaigns }: PageDeps, id: string): Promise<Campaign[]> {
  const { live } = await campaigns.live()
  const others = live.flatMap(({ campaign }) => (campaign.id === id ? [] : [campaign]))
  return others.sort((a, b) => (a.id < b.id ? -1 : 1))
}

type Analysed = z.output<typeof analysisRequest>

async function analyse(c: Context, deps: PageDeps, id: string, given: Analysed): Promise<EditorAnalysis> {
  const language = languageOf(c)
  const { campaign, issues, warnings, others } = await checkSource(deps, given.source, { pathId: id })
  const { source } = given
  const fields = issues.length + warnings.length === 0 ? {} : (readFile(source).fields ?? {})
  const fixesOf = createFixes(source, { others, language, fields })
  const inWords = (found: readonly Issue[]) => editorIssues(found, { fields, fixesOf, language })
  return {
    issues: inWords(issues),
    warnings: inWords(warnings),
    media: await readMediaNames(deps.db, [source]),
    played: campaign ? play(deps, campaign, given) : null,
  }
}

function play(deps: PageDeps, checked: Campaign, { replies, branches }: Analysed): EditorAnalysis['played'] {
  const accounts = deps.configCache.accounts()
  const { campaign } = withAccountQuietHours(checked, accounts)
  const [account] = targetAccounts(campaign.accounts, accounts)
  const way = playChosenWay(campaign, profileOf(campaign, { accounts }), { replies, branches })
  const quiet = typeof campaign.quiet === 'object' ? campaign.quiet : null
  return way && { ...way, quiet, accountName: account?.name ?? null }
}
