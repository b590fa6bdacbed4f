import type { Hono } from 'hono'
import { BulkAnswer } from '../components/bulk-bar.tsx'
import { WithMedia } from '../components/step-name.tsx'
import type { PageDeps } from '../console-deps.ts'
import { readFilters, readFollowerList } from '../follower-list.ts'
import { FollowersPage } from '../pages/followers-page.tsx'
import { respond } from '../respond.tsx'
import { readBulkQuestion, readFilterChoices, recentBulkJobs } from './bulk-routes.tsx'
import { addOneFollowerPages } from './one-follower-routes.tsx'

/** `/followers`, and the question before a change of many */
export function addFollowerPages(app: Hono, deps: PageDeps): void {
  const { now } = deps
  app.get('/followers', async (c) => {
    const asked = readFilters((name) => c.req.query(name))
    const [{ media, ...list }, choices, jobs, question] = await Promise.all([
      readFollowerList(deps, asked, c),
      readFilterChoices(deps, asked.values.bulkJob),
      recentBulkJobs(deps),
      readBulkQuestion(deps, c, asked),
    ])
    const { values, invalid } = asked
    return respond(
      c,
      <WithMedia names={media}>
        <FollowersPage
          {...list}
          values={values}
          invalid={invalid}
          choices={choices}
          now={now()}
          jobs={jobs}
          question={question}
        />
      </WithMedia>,
    )
  })
  app.get('/followers/question', async (c) => {
    const asked = readFilters((name) => c.req.query(name))
    return respond(c, <BulkAnswer question={await readBulkQuestion(deps, c, asked)} values={asked.values} />)
  })
  addOneFollowerPages(app, deps)
}
