import type { Context, Hono } from 'hono'
import type { ApiAnswer } from '../api/session-api.ts'
import type { Role } from '../auth/roles.ts'
import type { PageDeps } from './console-deps.ts'
import { boundedForm, readFields } from './form-body.ts'
import { ForbiddenPage, NotDonePage, NotFoundPage } from './pages/error-pages.tsx'
import { respond } from './respond.tsx'
import { requirePageRole } from './routes/page-role.tsx'

type Answer = Response | Promise<Response>

/**
 * Answers a form of a page: `POST path`. The role is checked before the body is read.
 * @param role the least role that may send the form; the calls of the operator API that it makes check their own
 * @param maxBytes of the body, for files; default: 16 KiB
 */
export function formAction(
  app: Hono,
  { path, role, maxBytes }: { path: string; role: Role; maxBytes?: number },
  deps: Pick<PageDeps, 'auth' | 'bodyBudget'>,
  handle: (c: Context, field: (name: string) => string) => Answer,
): void {
  const { client } = deps.auth
  const form = boundedForm({ bodyBudget: deps.bodyBudget, client }, 'signed-in', maxBytes)
  app.post(path, requirePageRole(deps, role), form, async (c) => handle(c, await readFields(c)))
}

/** A page about a call that was refused, for forms that have no fields to correct. */
export function notDone(c: Context, { error, status }: ApiAnswer, back: string): Answer {
  if (status === 403) return respond(c, <ForbiddenPage />, 403)
  if (status === 404) return respond(c, <NotFoundPage />, 404)
  const shown = status >= 400 && status < 600 ? status : 500
  // The console's operator API names the places in words.
  const issues: readonly { path: string; place?: string; message: string }[] = error?.issues ?? []
  const reasons = issues.map(({ path, place = path, message }) => ({ place, message }))
  return respond(
    c,
    <NotDonePage message={error?.message ?? ''} reasons={reasons} back={back} />,
    shown as 500,
  )
}
