import { createRoute, type OpenAPIHono } from '@hono/zod-openapi'
import { parseDuration } from '../../campaign/duration.ts'
import { createMatcher } from '../../campaign/match.ts'
import type { Campaign } from '../../campaign/model.ts'
import { notFound, refused } from '../api-error.ts'
import { newQrcode, qrcode } from '../schemas/api-schemas.ts'
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

/** Where WeChat shows the picture of a code; it asks for no token. */
const QR_IMAGE_URL = 'https://mp.weixin.qq.com/cgi-bin/showqrcode'

/** `/api/qrcodes`: codes that carry a scene (带参数的二维码). */
export function createQrcodeRoutes(deps: ApiDeps): OpenAPIHono {
  const app = createRouter()
  app.openapi(
    createRoute({
      method: 'post',
      path: '/qrcodes',
      summary: 'Make a QR code that carries a scene',
      security,
      request: jsonBody(newQrcode),
      responses: {
        201: jsonResponse(qrcode, 'Made'),
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
      const made = await auditedExternalChange(deps, c, note, async () => {
        const result = await requestWechat(deps, account, 'qrcode', (client, token) =>
          client.createQrcode(token, { scene: qrScene, expiresIn }),
        )
        if (!result) throw refused('WeChat answered without a ticket.')
        return { result }
      })
      const seconds = expiresIn === null ? null : (made.expire_seconds ?? expiresIn)
      return c.json(
        {
          ticket: made.ticket,
          url: made.url,
          imageUrl: `${QR_IMAGE_URL}?ticket=${encodeURIComponent(made.ticket)}`,
          expiresAt: seconds === null ? null : new Date(at + seconds * 1000).toISOString(),
        },
        201,
      )
    },
  )
  return app

  /** @throws ApiError 422 when nobody who scans this code would enter the campaign */
  async function requireEntersCampaign(id: string, appId: string, qrScene: string): Promise<void> {
    const rejection = (message: string) =>
      refused(`This code would not lead into campaign ${id}.`, [{ path: 'campaign', message }])
    const row = await deps.campaigns.row(id)
    if (!row || row.state === 'deleted') throw rejection(`there is no campaign ${id}`)
    const found = await deps.campaigns.version(id, row.version)
    if (!found) throw rejection(`there is no campaign ${id}`)
    if (!entersCampaign(found.model, appId, qrScene))
      throw rejection(mismatchReason(found.model, appId, qrScene))
  }
}

/** True when a follow through the code, or a follower's scan of it, enters the campaign. */
function entersCampaign(campaign: Campaign, appId: string, qrScene: string): boolean {
  const matcher = createMatcher([{ campaign, version: 0 }])
  const scan = { event: 'scan', qrScene, eventKey: qrScene, text: null } as const
  const follow = { ...scan, event: 'subscribe', eventKey: `qrscene_${qrScene}` } as const
  return [follow, scan].some((facts) => matcher.entry(appId, facts))
}

function mismatchReason({ accounts, entry }: Campaign, appId: string, qrScene: string): string {
  if (accounts && !accounts.includes(appId)) return `its accounts do not name ${appId}`
  if (entry.event !== 'subscribe' && entry.event !== 'scan')
    return `its entry is a ${entry.event}, not a code`
  if (entry.qrScenes) return `its qrScenes are ${entry.qrScenes.join(', ')}, not ${qrScene}`
  return 'its entry does not match a code with this scene'
}
