import type { Hono } from 'hono'
import { readRun, readRunCursor, runCursor, viewItems } from '../../api/routes/follower-routes.ts'
import { toPage } from '../../api/routes/route-helpers.ts'
import { listLatestRuns } from '../../store/runs/latest-runs.ts'
import { PAGE_SIZE, type PageDeps } from '../console-deps.ts'
import { NotFoundPage } from '../pages/error-pages.tsx'
import { FollowerPage, FollowersPage, RunFragment } from '../pages/follower-pages.tsx'
import { respond } from '../respond.tsx'

/** `/followers` */
export function addFollowerPages(app: Hono, deps: PageDeps): void {
  const { db } = deps
  app.get('/followers', async (c) => {
    const { cursor, ...query } = c.req.query()
    const status = (['active', 'paused', 'ended'] as const).find((s) => s === query.status)
    const filter = { appId: query.appId || undefined, campaign: query.campaign || undefined, status }
    const found = await listLatestRuns(db, filter, { after: readRunCursor(cursor), limit: PAGE_SIZE + 1 })
    const { items, next } = toPage(found, PAGE_SIZE, runCursor)
    const shown = await viewItems(db, items)
    return respond(c, <FollowersPage items={shown} next={next} query={query} />)
  })
  app.get('/followers/:appId/:openId', async (c) => {
    const run = await readRun(deps, c.req.param())
    if (!run) return respond(c, <NotFoundPage />, 404)
    return respond(c, <FollowerPage run={run} />)
  })
  app.get('/followers/:appId/:openId/run', async (c) => {
    const run = await readRun(deps, c.req.param())
    return run ? respond(c, <RunFragment run={run} />) : c.body(null, 404)
  })
}
