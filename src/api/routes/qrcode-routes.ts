import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { parseDuration } from '../../campaign/duration.ts'
import { entriesOf } from '../../campaign/items.ts'
import { createMatcher } from '../../campaign/match.ts'
import type { Campaign } from '../../campaign/model.ts'
import { servesAccount } from '../../campaign/target-accounts.ts'
import { saveQrcode } from '../../store/accounts/qrcode-store.ts'
import { notFound, refused } from '../api-error.ts'
import { listOf, page } from '../schemas/common-schemas.ts'
import { listedQrcode, newQrcode, qrcode } from '../schemas/wechat-schemas.ts'
import { qrcodePage, qrcodeView } from '../views/qrcode-view.ts'
import { requestWechat } from '../wechat-request.ts'
import {
  type ApiDeps,
  auditedExternalChange,
  createRouter,
  errorResponses,
  jsonBody,
  jsonResponse,
  notFoundResponse,
  security,
  wechatUnavailable,
} from './route-helpers.ts'

/** `/api/qrcodes`: QR codes with a scene (带参数的二维码) */
export function createQrcodeRoutes(deps: ApiDeps): OpenAPIHono {
  const app = createRouter()
  app.openapi(
    createRoute({
      method: 'post',
      path: '/qrcodes',
      summary: 'Create a QR code with a scene',
      description: 'With `campaign`, the call is refused unless a scan of the code enters that campaign.',
      security,
      request: jsonBody(newQrcode),
      responses: {
        201: jsonResponse(qrcode, 'The QR code.'),
        ...errorResponses,
        ...notFoundResponse,
        ...wechatUnavailable,
      },
    }),
    async (c) => {
      const { appId, qrScene, campaign, expires } = c.req.valid('json')
      const account = await deps.accounts.find(appId)
      if (!account) throw notFound(`account ${appId}`)
      if (campaign !== undefined) await requireEntersCampaign(campaign, appId, qrScene)
      const expiresIn = expires === undefined ? null : (parseDuration(expires) ?? 0) / 1000
      const at = deps.now()
      const note = { action: 'qrcode.create', target: appId, details: { qrScene, expires: expires ?? null } }
      const created = await auditedExternalChange(deps, c, note, async () => {
        const result = await requestWechat(deps, account, 'qrcode', (client, token) =>
          client.createQrcode(token, { scene: qrScene, expiresIn }),
        )
        if (!result) throw refused('The response of WeChat has no ticket.')
        return { result }
      })
      const seconds = expiresIn === null ? null : (created.expire_seconds ?? expiresIn)
      const row = await saveQrcode(deps.db, {
        appId,
        scene: qrScene,
        ticket: created.ticket,
        url: created.url,
        campaign: campaign ?? null,
        expiresAt: seconds === null ? null : at + seconds * 1000,
        createdAt: at,
        createdBy: c.get('principal').actor,
      })
      return c.json(qrcodeView(row), 201)
    },
  )
  listCodes(app, deps)
  return app

  /** @throws ApiError 422 if a scan of the code would not enter the campaign */
  async function requireEntersCampaign(id: string, appId: string, qrScene: string): Promise<void> {
    const rejection = (message: string) =>
      refused(`A scan of this code would not enter campaign ${id}.`, [{ path: 'campaign', message }])
    const row = await deps.campaigns.row(id)
    if (!row || row.state === 'deleted') throw rejection(`there is no campaign ${id}`)
    if (row.state === 'retired') throw rejection('it is retired')
    const found = await deps.campaigns.version(id, row.version)
    if (!found) throw rejection(`there is no campaign ${id}`)
    if (!entersCampaign(found.model, appId, qrScene))
      throw rejection(mismatchReason(found.model, appId, qrScene))
  }
}

/** `GET /qrcodes` */
function listCodes(app: OpenAPIHono, { db }: ApiDeps): void {
  app.openapi(
    createRoute({
      method: 'get',
      path: '/qrcodes',
      summary: 'List the QR codes',
      description: 'Those that were created here, newest first.',
      security,
      request: { query: page.extend({ appId: z.string().max(64).optional() }) },
      responses: { 200: jsonResponse(listOf(listedQrcode), 'One page of the list.'), ...errorResponses },
    }),
    async (c) => {
      const { cursor: from, limit, appId } = c.req.valid('query')
      return c.json(await qrcodePage(db, { appId, from, limit }), 200)
    },
  )
}

/** Whether a follow through the code, or a scan by a follower, enters the campaign. */
function entersCampaign(campaign: Campaign, appId: string, qrScene: string): boolean {
  const matcher = createMatcher([{ campaign, version: 0 }])
  const scan = { scene: 'scan', qrScene, eventKey: qrScene, text: null } as const
  const follow = { ...scan, scene: 'subscribe', eventKey: `qrscene_${qrScene}` } as const
  return [follow, scan].some((event) => matcher.entry(appId, event))
}

function mismatchReason(campaign: Campaign, appId: string, qrScene: string): string {
  if (!servesAccount(campaign, appId)) return `its accounts do not include ${appId}`
  const entries = entriesOf(campaign)
  const byCode = entries.filter(({ event }) => event === 'subscribe' || event === 'scan')
  if (byCode.length === 0) return `its entry is a ${entries.map((e) => e.event).join(' or ')}, not a QR code`
  const scenes = byCode.flatMap((entry) => entry.qrScenes ?? [])
  if (scenes.length > 0) return `its qrScenes are ${scenes.join(', ')}, not ${qrScene}`
  return 'its entry does not match this scene'
}
