import type { Context, Hono } from 'hono'
import { getCookie } from 'hono/cookie'
import { countActivitySince } from '../../store/runs/recent-activity.ts'
import type { PageDeps } from '../console-deps.ts'
import { createLiveStreams, type LiveStreams } from '../live/live-streams.ts'
import { createOverviewReader, type Overview } from '../overview/overview-data.ts'
import { NotFoundPage } from '../pages/error-pages.tsx'
import { OverviewPage, overviewParts } from '../pages/overview/overview-page.tsx'
import { renderFor, respond, viewOf } from '../respond.tsx'
import { isFirstRun, openFirstSteps } from './start-routes.tsx'

/** More are not counted: the feed says that there are many. */
const MOST_COUNTED = 5_000
/** After this a browser that was refused a stream may ask again, in seconds. */
const RETRY_AFTER_S = '30'

/** `/`, and its changes at `/live?page=overview`. */
export function addOverviewPages(app: Hono, deps: PageDeps): void {
  const read = createOverviewReader(deps)
  app.get('/', async (c) => {
    const [steps, overview] = await Promise.all([openFirstSteps(c, deps), read()])
    if (isFirstRun(steps)) return c.redirect('/start')
    return respond(c, <OverviewPage overview={overview} steps={steps} />)
  })
  const live = createLiveStreams<{ overview: Overview; added: number }>(
    {
      async read(since) {
        const added = since === null ? 0 : await countActivitySince(deps.db, since, MOST_COUNTED)
        return { overview: await read(), added }
      },
      render: ({ overview, added }, view) =>
        Promise.all(
          overviewParts(overview, added).map(async ({ id, part }) => ({
            id,
            html: await renderFor(view, part),
          })),
        ),
    },
    deps,
  )
  app.get('/live', (c) => {
    if (c.req.query('page') !== 'overview') return respond(c, <NotFoundPage />, 404)
    return streamOf(c, deps, live)
  })
}

function streamOf(c: Context, { auth }: Pick<PageDeps, 'auth'>, live: LiveStreams): Response {
  const cookie = getCookie(c, auth.cookies.session)
  const stream = live.open({
    view: viewOf(c),
    principal: c.get('principal'),
    principalNow: () => auth.signIn.principalOf(cookie),
  })
  if (!stream) return c.body(null, 503, { 'retry-after': RETRY_AFTER_S })
  return c.body(stream, 200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    // A proxy such as nginx would keep the messages until its buffer is full.
    'x-accel-buffering': 'no',
  })
}
