import type { Context, Hono } from 'hono'
import { campaignView } from '../../api/views/campaign-view.ts'
import { qrcodePage, withEntries } from '../../api/views/qrcode-view.ts'
import { findQrcode } from '../../store/accounts/qrcode-store.ts'
import { type FormState, NEW_FORM, problemsOf } from '../components/forms.tsx'
import { PAGE_SIZE, type PageDeps } from '../console-deps.ts'
import { formAction, notDone } from '../form-action.tsx'
import { done } from '../notice.ts'
import { numberOf } from '../number-of.ts'
import { NotFoundPage } from '../pages/error-pages.tsx'
import { QrcodePage, QrcodesPage } from '../pages/qrcode-pages.tsx'
import { respond } from '../respond.tsx'

const FIELDS = ['appId', 'qrScene', 'campaign', 'expires'] as const

/** `/qrcodes`, its form, and a page of each code */
export function addQrcodePages(app: Hono, deps: PageDeps): void {
  app.get('/qrcodes', (c) => codes(deps, c, NEW_FORM, 200))
  app.get('/qrcodes/:id', async (c) => {
    const id = numberOf(c.req.param('id'), Number.MAX_SAFE_INTEGER)
    const found = id === null ? null : await findQrcode(deps.db, id)
    const [code] = found ? await withEntries(deps.db, [found]) : []
    if (!code) return respond(c, <NotFoundPage />, 404)
    const account = await deps.accounts.find(code.appId)
    return respond(c, <QrcodePage code={code} account={account?.name ?? code.appId} now={deps.now()} />)
  })
  formAction(app, { path: '/qrcodes', role: 'operator' }, deps, async (c, field) => {
    const values = Object.fromEntries(FIELDS.map((name) => [name, field(name).trim()]))
    const json = Object.fromEntries(Object.entries(values).filter(([, value]) => value !== ''))
    const answer = await deps.api.call(c, 'POST', '/api/qrcodes', { json })
    if (!answer.error) {
      const { id, qrScene } = answer.body as { id: number; qrScene: string }
      return done(c, `/qrcodes/${id}`, 'qrcodeCreated', qrScene)
    }
    const { status } = answer
    if (status !== 422 && status !== 404 && status !== 503) return notDone(c, answer, '/qrcodes')
    return codes(deps, c, { values, problems: problemsOf(answer.error, FIELDS) }, status)
  })
}

async function codes(deps: PageDeps, c: Context, state: FormState, status: 200 | 404 | 422 | 503) {
  const [{ items, next }, accounts, campaigns] = await Promise.all([
    qrcodePage(deps.db, { from: c.req.query('cursor'), limit: PAGE_SIZE }),
    deps.accounts.list(),
    deps.campaigns.list(),
  ])
  return respond(
    c,
    <QrcodesPage
      items={items}
      next={next}
      accounts={accounts.map(({ appId, name }) => ({ value: appId, label: name, isData: true }))}
      campaigns={campaigns
        .map(campaignView)
        .map(({ id, name }) => ({ value: id, label: name, isData: true }))}
      state={state}
      now={deps.now()}
    />,
    status,
  )
}
