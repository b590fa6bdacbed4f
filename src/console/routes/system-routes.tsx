import type { Context, Hono } from 'hono'
import type { SystemState } from '../../api/routes/system-routes.ts'
import type { PageDeps } from '../console-deps.ts'
import { formAction, notDone } from '../form-action.tsx'
import { done, type NoticeName } from '../notice.ts'
import { SystemFragment, SystemPage } from '../pages/system-page.tsx'
import { respond } from '../respond.tsx'
import { requirePageRole } from './page-role.tsx'

/** `/system`: for admins */
export function addSystemPages(app: Hono, deps: PageDeps): void {
  const { api } = deps
  const admin = requirePageRole(deps, 'admin')
  const show = async (c: Context, page: (state: SystemState) => ReturnType<typeof SystemPage>) => {
    const answer = await api.call(c, 'GET', '/api/system')
    return answer.error ? notDone(c, answer, '/') : respond(c, page(answer.body as SystemState))
  }
  app.get('/system', admin, (c) => show(c, (state) => <SystemPage state={state} />))
  app.get('/system/state', admin, (c) => show(c, (state) => <SystemFragment state={state} />))
  const action = (verb: string, path: string, notice: NoticeName) =>
    formAction(app, { path: `/system/${verb}`, role: 'admin' }, deps, async (c) => {
      const answer = await api.call(c, 'POST', path)
      return answer.error ? notDone(c, answer, '/system') : done(c, '/system', notice)
    })
  action('rotate-keys', '/api/keys/rotate', 'keysRotated')
  action('accept-namespace', '/api/temporal/accept', 'namespaceAccepted')
}
