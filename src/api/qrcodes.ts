import { createRoute, type OpenAPIHono } from '@hono/zod-openapi'
import { parseDuration } from '../campaign/duration.ts'
import { createMatcher } from '../campaign/match.ts'
import type { Campaign } from '../campaign/model.ts'
import { notFound, refused } from './errors.ts'
import {
  type ApiDeps,
  body,
  changeElsewhere,
  createPart,
  errors,
  json,
  missing,
  security,
  wechatAway,
} from './kit.ts'
import { newQrcode, qrcode } from './schemas.ts'
import { callWechat } from './wechat-call.ts'

/** Where WeChat shows the picture of a code; it asks for no token. */
const PICTURE = 'https://mp.weixin.qq.com/cgi-bin/showqrcode'

/** `/api/qrcodes`: codes that carry a scene (带参数的二维码). */
export function createQrcodes(deps: ApiDeps): OpenAPIHono {
  const app = createPart()
  app.openapi(
    createRoute({
      method: 'post',
      path: '/qrcodes',
      summary: 'Make a QR code that carries a scene',
      security,
      request: body(newQrcode),
      responses: { 201: json(qrcode, 'Made'), ...errors, ...missing, ...wechatAway },
    }),
    async (c) => {
      const { appId, qrScene, campaign, expires } = c.req.valid('json')
      const account = await deps.accounts.find(appId)
      if (!account) throw notFound(`account ${appId}`)
      if (campaign !== undefined) await mustEnter(campaign, appId, qrScene)
      const expiresIn = expires === undefined ? null : (parseDuration(expires) ?? 0) / 1000
      const at = deps.now()
      const note = { action: 'qrcode.create', target: appId, details: { qrScene, expires: expires ?? null } }
      const made = await changeElsewhere(deps, c, note, async () => {
        const result = await callWechat(deps, account, 'qrcode', (client, token) =>
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
          imageUrl: `${PICTURE}?ticket=${encodeURIComponent(made.ticket)}`,
          expiresAt: seconds === null ? null : new Date(at + seconds * 1000).toISOString(),
        },
        201,
      )
    },
  )
  return app

  /** @throws ApiError 422 when nobody who scans this code would enter the campaign */
  async function mustEnter(id: string, appId: string, qrScene: string): Promise<void> {
    const no = (message: string) =>
      refused(`This code would not lead into campaign ${id}.`, [{ path: 'campaign', message }])
    const row = await deps.campaigns.row(id)
    if (!row || row.state === 'deleted') throw no(`there is no campaign ${id}`)
    const found = await deps.campaigns.version(id, row.version)
    if (!found) throw no(`there is no campaign ${id}`)
    if (!entersBy(found.model, appId, qrScene)) throw no(whyNot(found.model, appId, qrScene))
  }
}

/** True when a follow through the code, or a follower's scan of it, enters the campaign. */
function entersBy(campaign: Campaign, appId: string, qrScene: string): boolean {
  const matcher = createMatcher([{ campaign, version: 0 }])
  const scan = { event: 'scan', qrScene, eventKey: qrScene, text: null } as const
  const follow = { ...scan, event: 'subscribe', eventKey: `qrscene_${qrScene}` } as const
  return [follow, scan].some((facts) => matcher.entry(appId, facts))
}

function whyNot({ accounts, entry }: Campaign, appId: string, qrScene: string): string {
  if (accounts && !accounts.includes(appId)) return `its accounts do not name ${appId}`
  if (entry.event !== 'subscribe' && entry.event !== 'scan')
    return `its entry is a ${entry.event}, not a code`
  if (entry.qrScenes) return `its qrScenes are ${entry.qrScenes.join(', ')}, not ${qrScene}`
  return 'its entry does not match a code with this scene'
}
