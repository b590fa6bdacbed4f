import { and, eq } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { campaigns, campaignVersions, inbox } from '../../src/store/schema.ts'
import {
  ADMIN_TOKEN,
  type ApiHarness,
  campaignYaml,
  type FollowerBody,
  type Page,
  startApiHarness,
} from '../harness/api-harness.ts'

const APP = 'wxmistakes000001'
const HINT = '{ id: hint, after: 20s, send: { text: 还在吗 } }'
const NEXT = '{ id: next, after: 10h, send: { text: 明天见 } }'
const yaml = (id: string) =>
  campaignYaml(id, [HINT, NEXT], [`accounts: [${APP}]`, `entry: { event: message, keywords: [${id}] }`])

interface Listed {
  id: string
  name: string
  state: string
  broken: string | null
  source: string
}

let api: ApiHarness
const logged: string[] = []
beforeAll(async () => {
  api = await startApiHarness({ log: (line) => logged.push(line) })
  await api.addAccount({ appId: APP })
})
afterAll(() => api?.close())

const wechat = () => api.app.simulator.account(APP)
const path = (openId: string) => `/api/followers/${APP}/${openId}`
const textsTo = (openId: string) =>
  wechat()
    .sends.filter((s) => s.openId === openId)
    .map((s) => (s.body.text as { content: string } | undefined)?.content)
/** Follows, and types the keyword of this campaign. */
async function enters(openId: string, id: string): Promise<void> {
  await wechat().follow(openId)
  await wechat().type(openId, id)
}
const listed = async (id: string) =>
  (await api.get<Page<Listed>>('/api/campaigns?limit=200')).body.items.find((c) => c.id === id)

async function page(at: string): Promise<string> {
  const signedIn = await api.web.request(`/signin?token=${ADMIN_TOKEN}`)
  const cookie = signedIn.headers.get('set-cookie')?.split(';')[0] ?? ''
  return (await api.web.request(at, { headers: { cookie } })).text()
}

/** Damages a stored version as somebody with psql could, followed by a restart that clears the memory. */
const spoil = {
  'is deleted by hand': (id: string) =>
    api.app.services.db.delete(campaignVersions).where(eq(campaignVersions.id, id)),
  'has a model that this version of the product does not know': (id: string) =>
    api.app.services.db.execute(
      `UPDATE campaign_versions SET model = jsonb_set(model, '{steps,0,send}', '{"digest": {"every": 5}}') WHERE id = '${id}'`,
    ),
  'has a model that is not a campaign': (id: string) =>
    api.app.services.db.execute(`UPDATE campaign_versions SET model = '42' WHERE id = '${id}'`),
}

describe.each(Object.keys(spoil) as (keyof typeof spoil)[])('a campaign whose stored version %s', (how) => {
  const id = `spoilt-${Object.keys(spoil).indexOf(how)}`

  it('has the steps of its runs skipped with a reason, and affects no other campaign', async () => {
    const openId = `oInside${id}`
    await api.put(yaml(id))
    await api.put(yaml(`whole-${id}`))
    await enters(openId, id)
    await api.app.waitForRun(APP, openId, (r) => r.runId !== null)
    await spoil[how](id)
    await api.app.restart()

    // The other campaign continues, and all callbacks are accepted.
    await enters(`oOther${id}`, `whole-${id}`)
    await api.app.waitForRun(APP, `oOther${id}`, (r) => r.campaign === `whole-${id}`)

    const { passiveReply } = await wechat().type(`oLate${id}`, id)
    expect(passiveReply).toBeNull()
    await wechat().fastForward(openId, 21_000)
    const held = await api.waitForBody<FollowerBody>(path(openId), (f) => f.steps[0]?.state === 'skipped')
    expect(held).toMatchObject({
      status: 'active',
      steps: [{ reason: 'message-gone' }, { state: 'pending' }],
    })
    await wechat().fastForward(openId, 11 * 3_600_000)
    const ended = await api.waitForBody<FollowerBody>(path(openId), (f) => f.status === 'ended')
    expect(ended).toMatchObject({
      outcome: 'completed',
      steps: [{}, { state: 'skipped', reason: 'message-gone' }],
    })
    expect(textsTo(openId)).toEqual([])
    expect((await api.get(path(`oLate${id}`))).status).toBe(404)
  })

  it('is reported as broken with the reason in API, console and log, and repaired by publishing it again', async () => {
    expect(await listed(id)).toMatchObject({ state: 'live', broken: expect.any(String) })
    expect(await listed(`whole-${id}`)).toMatchObject({ broken: null })
    expect(
      logged.filter((l) => l.includes('accepts no new followers') && l.includes(`"${id}"`)),
    ).toHaveLength(1)
    expect(await page(`/campaigns/${id}`)).toContain('请重新发布活动文件')
    const campaign = await api.get<Listed>(`/api/campaigns/${id}`)
    expect(campaign).toMatchObject({ status: 200, body: { broken: expect.any(String) } })
    expect((await api.get(`/api/campaigns/${id}/accounts`)).status).toBe(409)
    const before = await api.app.services.campaigns.row(id)

    const put = await api.put(yaml(id))
    expect(put).toMatchObject({ status: 200, body: { version: (before?.version ?? 0) + 1 } })
    expect(await listed(id)).toMatchObject({ broken: null })
    await enters(`oAfter${id}`, id)
    await api.app.waitForRun(APP, `oAfter${id}`, (r) => r.version === put.body.version)
  })
})

describe('an entry whose campaign is deleted before it is dispatched', () => {
  it('begins no run, blocks no other event, and is logged', async () => {
    await api.put(yaml('vanishing'))
    await api.app.services.dispatcher.stop()
    await enters('oVanished', 'vanishing')
    await api.app.services.db.delete(campaignVersions).where(eq(campaignVersions.id, 'vanishing'))
    await api.app.services.db.delete(campaigns).where(eq(campaigns.id, 'vanishing'))
    await api.app.restart()
    await api.put(yaml('staying'))
    await wechat().type('oVanished', 'staying')
    await api.app.waitForRun(APP, 'oVanished', (r) => r.campaign === 'staying')
    const rows = await api.app.services.db
      .select({ result: inbox.result })
      .from(inbox)
      .where(and(eq(inbox.appId, APP), eq(inbox.openId, 'oVanished')))
      .orderBy(inbox.id)
    expect(rows.slice(0, 2).map((r) => r.result)).toEqual(['no-run', 'no-run'])
    expect(logged.join()).toContain('no run started because the campaign version cannot be read')
  })
})
