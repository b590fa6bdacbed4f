import type { Context, Hono } from 'hono'
import type { ApiAnswer } from '../../api/session-api.ts'
import { campaignNames } from '../../store/runs/choices.ts'
import { type FormState, problemsOf } from '../components/forms.tsx'
import type { PageDeps } from '../console-deps.ts'
import { formAction, notDone } from '../form-action.tsx'
import { done } from '../notice.ts'
import { NotFoundPage } from '../pages/error-pages.tsx'
import { type FollowerDialog, FollowerFragment, FollowerPage } from '../pages/follower-page.tsx'
import { followerPath } from '../paths.ts'
import { readOneFollower } from '../read-follower.ts'
import { respond } from '../respond.tsx'
import { languageOf } from '../shell/preferences.tsx'
import { ONE_FOLLOWER_TEXTS } from '../texts/one-follower-texts.ts'

const keyOf = (c: Context) => ({ appId: c.req.param('appId') ?? '', openId: c.req.param('openId') ?? '' })
const apiPathOf = (c: Context) => `/api${followerPath(keyOf(c))}`

/** `/followers/{appId}/{openId}` */
export function addOneFollowerPages(app: Hono, deps: PageDeps): void {
  app.get('/followers/:appId/:openId', (c) => showFollower(c, deps))
  app.get('/followers/:appId/:openId/run', async (c) => {
    const follower = await readOneFollower(deps, keyOf(c))
    return follower ? respond(c, <FollowerFragment follower={follower} />) : c.body(null, 404)
  })
  addSimpleActions(app, deps)
  addDialogActions(app, deps)
}

async function showFollower(
  c: Context,
  deps: PageDeps,
  refused?: { dialog: FollowerDialog; state: FormState },
): Promise<Response> {
  const [follower, campaigns] = await Promise.all([readOneFollower(deps, keyOf(c)), campaignNames(deps.db)])
  if (!follower) return respond(c, <NotFoundPage />, 404)
  const page = <FollowerPage follower={follower} campaigns={campaigns} refused={refused} />
  return respond(c, page, refused ? 422 : 200)
}

/** Actions of one button. */
function addSimpleActions(app: Hono, deps: PageDeps): void {
  for (const [verb, call, notice] of [
    ['pause', 'pause', 'followerPaused'],
    ['resume', 'resume', 'followerResumed'],
    ['end-agent', 'agent/end', 'agentEnded'],
  ] as const) {
    formAction(app, { path: `/followers/:appId/:openId/${verb}`, role: 'operator' }, deps, async (c) => {
      const back = followerPath(keyOf(c))
      const answer = await deps.api.call(c, 'POST', `${apiPathOf(c)}/${call}`)
      if (answer.error) return notDone(c, answer, back)
      return done(c, back, notice)
    })
  }
}

type Field = (name: string) => string

/** The forms of the dialogs. A refused one comes back with what was typed. */
function addDialogActions(app: Hono, deps: PageDeps): void {
  const { api } = deps
  const dialog = (
    name: FollowerDialog,
    fields: readonly string[],
    act: (c: Context, field: Field) => Promise<ApiAnswer | FormState['problems']>,
    finish: (c: Context) => Response,
  ) =>
    formAction(
      app,
      { path: `/followers/:appId/:openId/${name}`, role: 'operator' },
      deps,
      async (c, field) => {
        const answer = await act(c, field)
        const problems = isAnswer(answer) ? answer.error && problemsOf(answer.error, fields) : answer
        if (!problems) return finish(c)
        const values = Object.fromEntries(fields.map((f) => [f, field(f)]))
        return showFollower(c, deps, { dialog: name, state: { values, problems } })
      },
    )
  const textsOf = (c: Context) => ONE_FOLLOWER_TEXTS[languageOf(c)]

  dialog(
    'cancel',
    ['reason'],
    (c, field) => {
      const reason = field('reason').trim()
      return api.call(c, 'POST', `${apiPathOf(c)}/cancel`, { json: reason ? { reason } : {} })
    },
    (c) => done(c, followerPath(keyOf(c)), 'followerCancelled'),
  )
  dialog(
    'enter',
    ['campaign'],
    (c, field) =>
      api.call(c, 'POST', `${apiPathOf(c)}/enter`, {
        json: { campaign: field('campaign') },
        headers: { 'idempotency-key': field('key') },
      }),
    (c) => done(c, followerPath(keyOf(c)), 'followerEnters'),
  )
  dialog(
    'tag',
    ['add', 'remove'],
    async (c, field) => {
      const [add, remove] = [namesIn(field('add')), namesIn(field('remove'))]
      if (add.length + remove.length === 0) return { add: textsOf(c).noTag }
      return api.call(c, 'POST', `${apiPathOf(c)}/tags`, { json: { add, remove } })
    },
    (c) => done(c, followerPath(keyOf(c)), 'followerTagged'),
  )
  dialog(
    'erase',
    ['confirm'],
    async (c, field) => {
      if (field('confirm').trim() !== keyOf(c).openId.slice(-4)) return { confirm: textsOf(c).notConfirmed }
      return api.call(c, 'POST', `${apiPathOf(c)}/erase`)
    },
    (c) => done(c, '/followers', 'followerErased'),
  )
}

const isAnswer = (answer: ApiAnswer | FormState['problems']): answer is ApiAnswer =>
  'headers' in answer && typeof answer.status === 'number'

/** Names between commas of either script. */
const namesIn = (text: string): string[] =>
  text
    .split(/[,，、]/)
    .map((name) => name.trim())
    .filter(Boolean)
