import type { Context, Hono } from 'hono'
import { mediaPage } from '../../api/views/media-view.ts'
import { readMedium } from '../../store/campaigns/media-uploads.ts'
import { type FormState, NEW_FORM, problemsOf } from '../components/forms.tsx'
import { PAGE_SIZE, type PageDeps } from '../console-deps.ts'
import { formAction, notDone } from '../form-action.tsx'
import { done } from '../notice.ts'
import { NotFoundPage } from '../pages/error-pages.tsx'
import { MediaPage } from '../pages/media-page.tsx'
import { respond } from '../respond.tsx'
import { languageOf } from '../shell/preferences.tsx'
import { MEDIA_TEXTS } from '../texts/media-texts.ts'

/** The largest medium of WeChat, and the other fields of its form. */
const MAX_FORM_BYTES = 11 * 1024 * 1024

/** `/media`, the files in it, and its form */
export function addMediaPages(app: Hono, deps: PageDeps): void {
  app.get('/media', (c) => library(deps, c, NEW_FORM, 200))
  app.get('/media/:id/content', async (c) => {
    const found = await readMedium(deps.db, c.req.param('id'))
    if (!found) return respond(c, <NotFoundPage />, 404)
    return c.body(Buffer.from(found.content, 'base64'), 200, {
      'content-type': found.contentType,
      'x-content-type-options': 'nosniff',
      // It is a file of an operator, and no page of this origin.
      'content-security-policy': "default-src 'none'; sandbox",
      // The id is a hash of the content.
      'cache-control': 'private, max-age=86400, immutable',
    })
  })
  formAction(app, { path: '/media', role: 'operator', maxBytes: MAX_FORM_BYTES }, deps, async (c, field) => {
    const { file } = await c.req.parseBody()
    const type = field('type')
    if (!(file instanceof File) || file.size === 0) {
      const problems = { file: MEDIA_TEXTS[languageOf(c)].noFile }
      return library(deps, c, { values: { type }, problems }, 422)
    }
    const body = new FormData()
    body.set('file', file)
    if (type !== '') body.set('type', type)
    const answer = await deps.api.call(c, 'POST', '/api/media', { body })
    if (!answer.error) return done(c, '/media', 'mediumUploaded', file.name)
    if (answer.status !== 422 && answer.status !== 413) return notDone(c, answer, '/media')
    const problems = problemsOf(answer.error, ['file', 'type'])
    return library(deps, c, { values: { type }, problems }, answer.status)
  })
}

async function library(deps: PageDeps, c: Context, state: FormState, status: 200 | 413 | 422) {
  const { items, next } = await mediaPage(deps, c.req.query('cursor'), PAGE_SIZE)
  return respond(c, <MediaPage items={items} next={next} state={state} now={deps.now()} />, status)
}
