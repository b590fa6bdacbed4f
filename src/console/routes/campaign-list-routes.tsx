import type { Hono } from 'hono'
import { cursor as cursorOf, toPage } from '../../api/routes/route-helpers.ts'
import { type CampaignRow, createCampaignRows } from '../campaigns/campaign-rows.ts'
import { PAGE_SIZE, type PageDeps } from '../console-deps.ts'
import { formAction, notDone } from '../form-action.tsx'
import { done, type NoticeName } from '../notice.ts'
import { numberOf } from '../number-of.ts'
import { CampaignListPage, LIST_STATES, type ListState } from '../pages/campaign-list-page.tsx'
import { NotFoundPage } from '../pages/error-pages.tsx'
import { campaignPath } from '../paths.ts'
import { respond } from '../respond.tsx'

/** The changes of a whole campaign: the verb of the path, its call of the operator API, and what is said afterwards. */
const CHANGES: readonly { verb: string; method: string; path: string; notice: NoticeName }[] = [
  { verb: 'pause', method: 'POST', path: 'pause', notice: 'paused' },
  { verb: 'resume', method: 'POST', path: 'resume', notice: 'resumed' },
  { verb: 'retire', method: 'POST', path: 'retire', notice: 'retired' },
  { verb: 'restore', method: 'POST', path: 'restore', notice: 'restored' },
  { verb: 'delete-draft', method: 'DELETE', path: 'draft', notice: 'draftDeleted' },
]

/** `/campaigns`, and what is done with a whole campaign. */
export function addCampaignListPages(app: Hono, deps: PageDeps): void {
  const readRows = createCampaignRows(deps)
  app.get('/campaigns', async (c) => {
    const { rows: all, at } = await readRows()
    const { state: given, find: text = '', cursor } = c.req.query()
    const state = LIST_STATES.find((s) => s === given) ?? 'all'
    const find = text.trim().slice(0, 100)
    const after = cursorOf.read(cursor) ?? ''
    const fits = all.filter((row) => isOf(row, state) && isFound(row, find) && row.id > after)
    const { items, next } = toPage(fits.slice(0, PAGE_SIZE + 1), PAGE_SIZE, ({ id }) => id)
    const counts = Object.fromEntries(
      LIST_STATES.map((s) => [s, all.filter((row) => isOf(row, s)).length]),
    ) as Record<ListState, number>
    const active = all.reduce((sum, row) => sum + row.activity.active, 0)
    const names = new Map(deps.configCache.accounts().map(({ appId, name }) => [appId, name ?? appId]))
    const page = { rows: items, names, next, state, find, counts, active, at }
    return respond(c, <CampaignListPage {...page} />)
  })
  addDownload(app, deps)
  for (const { verb, method, path, notice } of CHANGES) {
    formAction(app, { path: `/campaigns/:id/${verb}`, role: 'operator' }, deps, async (c, field) => {
      const id = c.req.param('id') ?? ''
      const url = campaignPath(id)
      const query = verb === 'retire' && field('cancel') !== '' ? '?cancel=true' : ''
      const name = (await deps.campaigns.find(id))?.version?.model.name ?? id
      const answer = await deps.api.call(c, method, `/api${url}/${path}${query}`)
      const isGone = verb === 'delete-draft' && (await deps.campaigns.find(id)) === null
      const back = field('back') === 'list' || isGone ? '/campaigns' : url
      if (answer.error) return notDone(c, answer, back)
      return done(c, back, notice, name)
    })
  }
}

/** `GET /campaigns/ID/file?version=3`: the text of a version, or of the draft, as it was saved. Default: the newest version. */
function addDownload(app: Hono, deps: PageDeps): void {
  app.get('/campaigns/:id/file', async (c) => {
    const id = c.req.param('id')
    const which = c.req.query('version')
    const source = await sourceOf(deps, id, which)
    if (source === null) return respond(c, <NotFoundPage />, 404)
    const isJson = source.trimStart().startsWith('{')
    const version = which === undefined ? '' : `-${which}`
    const name = `${id}${version}.${isJson ? 'json' : 'yaml'}`
    return c.body(source, 200, {
      'content-type': isJson ? 'application/json; charset=utf-8' : 'application/yaml; charset=utf-8',
      'content-disposition': `attachment; filename="${name}"`,
      'cache-control': 'no-store',
    })
  })
}

async function sourceOf(deps: PageDeps, id: string, which: string | undefined): Promise<string | null> {
  if (which === 'draft') return (await deps.drafts.find(id))?.source ?? null
  const found = await deps.campaigns.find(id)
  if (!found || which === undefined) return found?.source ?? null
  const version = numberOf(which)
  return version === null ? null : ((await deps.campaigns.findVersion(id, version))?.source ?? null)
}

function isOf(row: CampaignRow, state: ListState): boolean {
  if (state === 'draft') return row.hasDraft
  return state === 'all' ? row.state !== 'retired' : row.state === state
}

function isFound({ id, name }: CampaignRow, find: string): boolean {
  return find === '' || `${id}\n${name}`.toLowerCase().includes(find.toLowerCase())
}
