import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { eq } from 'drizzle-orm'
import { checkCampaign } from '../../../src/campaign/check.ts'
import type { Campaign } from '../../../src/campaign/model.ts'
import { siblingMedia } from '../../../src/cli/sibling-media.ts'
import { JOBS } from '../../../src/console/texts/system-texts.ts'
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../../src/shared/time-units.ts'
import { saveQrcode } from '../../../src/store/accounts/qrcode-store.ts'
import { saveMedium } from '../../../src/store/campaigns/media-store.ts'
import { accessTokens, accounts, auditLog, periodicJobs } from '../../../src/store/schema.ts'
import { writeAudit } from '../../../src/store/users/audit-log.ts'
import { testAccount } from '../../fixtures/test-account.ts'
import { type AppHarness, startAppHarness } from '../app-harness.ts'
import { createRandom } from '../random.ts'
import { springDraft, welcomeDraft, welcomeVersions } from './picture-campaigns.ts'
import { type LiveVersion, PictureFollowers } from './picture-followers.ts'
import { DEER, PICTURE_NOW, PICTURE_USER } from './picture-ids.ts'
import {
  afterSalesLife,
  type CampaignLife,
  conversationLife,
  couponLife,
  courseLife,
  entryTime,
  expoLife,
  welcomeLife,
} from './picture-lives.ts'

const TODAY = Date.parse('2026-12-02T16:00:00Z')
const ADMIN_TOKEN = 'test-admin-token'

/** The other accounts of the pictures. */
const NOODLES = 'wx70d3ab519e62f84c'
const TIDY = 'wxb84e17c2d6903fa5'
const WATER = 'wx95fa0d6c3b718e24'
const CLINIC = 'wx4c8e72a1f05bd936'
/** When WATER lost its authorisation. */
const LOST_AT = TODAY + 11 * HOUR_MS + 20 * MINUTE_MS

export interface PictureWorld {
  app: AppHarness
  clock: { at: number }
  /** The follower of the page of one follower. */
  openId: string
}

/** The world of all pictures: the same accounts, campaigns, followers and times on every machine. */
export async function openPictureWorld(temporalAddress: string, workers: boolean): Promise<PictureWorld> {
  const clock = { at: PICTURE_NOW - 40 * DAY_MS }
  const app = await startAppHarness({
    temporalAddress,
    platform: true,
    adminToken: ADMIN_TOKEN,
    now: () => clock.at,
    wechatNow: () => clock.at,
    ...(workers ? {} : { noWorkers: true }),
  })
  const call = caller(app)
  await addPeople(call, clock)
  await addAccounts(app, clock)
  const versions = await publishCampaigns(app, clock)
  clock.at = PICTURE_NOW
  const openId = await addFollowers(app, versions)
  await addDetails(app)
  await addAudit(app)
  await app.services.reloadConfig()
  return { app, clock, openId }
}

type Call = (method: string, path: string, body: object) => Promise<unknown>

/** Calls the API as its admin. */
function caller(app: AppHarness): Call {
  return async (method, path, body) => {
    const answer = await app.web.request(path, {
      method,
      headers: { authorization: `Bearer ${ADMIN_TOKEN}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`)
    return answer.json()
  }
}

async function addPeople(call: Call, clock: { at: number }): Promise<void> {
  const { password } = PICTURE_USER
  for (const [name, role] of [
    ['linxiao', 'admin'],
    ['chenyu', 'operator'],
    ['hemeng', 'operator'],
    ['zhoumin', 'viewer'],
  ] as const) {
    await call('POST', '/api/users', { name, role, password })
    clock.at += DAY_MS
  }
  await call('PATCH', '/api/users/zhoumin', { disabled: true })
  await call('POST', '/api/tokens', { name: '数据看板', role: 'viewer' })
  await call('POST', '/api/tokens', { name: '订单系统', role: 'operator', expires: '90d' })
  for (const name of ['coupon-issued', 'expo-guide', 'ticket-open'])
    await call('PUT', `/api/webhooks/${name}`, { url: `https://crm.example.com/${name}` })
}

async function addAccounts({ services }: AppHarness, clock: { at: number }): Promise<void> {
  const { accounts: store, db } = services
  const add = (account: Parameters<typeof testAccount>[0]) => store.add(testAccount(account))
  await add({
    appId: DEER,
    name: '小鹿读书',
    quietHours: { from: '22:30', to: '08:00' },
    cap: { messages: 4, per: '24h', perMs: DAY_MS },
    optOut: { keywords: ['TD', '退订'], reply: '已退订，不再发送。重新关注即可恢复。' } as never,
    keepTexts: 7,
    humanAgents: true,
  })
  const variables = { city: '上海', address: '南京东路 100 号' }
  await add({ appId: NOODLES, name: '山间面馆', variables })
  await add({ appId: TIDY, name: '青柠整理', variables: { address: '愚园路 8 号' } })
  await add({ appId: WATER, name: '一禾净水', humanAgents: true })
  await add({ appId: CLINIC, name: '城西口腔', mode: 'compatible' })
  const known = (appId: string, more: Partial<typeof accounts.$inferInsert>) =>
    db
      .update(accounts)
      .set({ verified: true, ...more })
      .where(eq(accounts.appId, appId))
  const quota = (used: number) => ({ at: PICTURE_NOW - 6 * MINUTE_MS, dailyLimit: 500_000, used, rate: null })
  const ago = (ms: number) => PICTURE_NOW - ms
  await known(DEER, { lastCallbackAt: ago(8 * SECOND_MS), sendQuota: quota(1_184) })
  await known(NOODLES, { lastCallbackAt: ago(41 * SECOND_MS), sendQuota: quota(302) })
  await known(TIDY, { lastCallbackAt: ago(3 * MINUTE_MS), sendQuota: quota(97) })
  await known(WATER, { kind: 'authorised', permissions: [1, 2, 7], lastCallbackAt: LOST_AT })
  await known(CLINIC, { lastCallbackAt: ago(26 * HOUR_MS) })
  const tokens = [DEER, NOODLES, TIDY].map((appId, i) => ({
    appId,
    obtainedAt: ago((20 + i * 11) * MINUTE_MS),
    expiresAt: PICTURE_NOW + (100 - i * 11) * MINUTE_MS,
  }))
  await db.insert(accessTokens).values(tokens)
  const before = clock.at
  clock.at = LOST_AT
  await store.setState(WATER, 'needs-authorisation', 'the owner revoked the authorisation')
  clock.at = ago(26 * HOUR_MS)
  await store.setState(CLINIC, 'blocked', '48004 api forbidden')
  clock.at = before
}

/** @returns the versions that followers enter, by campaign, the oldest first */
async function publishCampaigns(
  { services }: AppHarness,
  clock: { at: number },
): Promise<Map<string, LiveVersion[]>> {
  const versions = new Map<string, LiveVersion[]>()
  const publish = async (source: string, since: number, publishedBy = 'linxiao') => {
    clock.at = since
    const { campaign, issues, warnings } = checkCampaign(source)
    if (!campaign) throw new Error(JSON.stringify(issues))
    await services.campaigns.publish(source, campaign, warnings, { publishedBy })
    const list: LiveVersion[] = versions.get(campaign.id) ?? []
    versions.set(campaign.id, [...list, { model: campaign as Campaign, version: list.length + 1, since }])
  }
  const example = async (file: string, appId: string, since: number, publishedBy = 'chenyu') =>
    publish(`${await withMedia(services.db, file)}accounts: [${appId}]\n`, since, publishedBy)
  const ago = (days: number) => PICTURE_NOW - days * DAY_MS
  const [first = '', second = '', third = ''] = welcomeVersions(DEER)
  await publish(first, ago(31))
  await publish(second, ago(13), 'chenyu')
  await publish(third, ago(6) - 4 * HOUR_MS)
  await example('03-shop-coupon', NOODLES, ago(20))
  await example('02-three-day-course', TIDY, ago(24))
  await example('04-expo-qr', DEER, ago(3))
  await example('09-after-sales', WATER, ago(28), 'linxiao')
  await example('10-menu-faq', TIDY, ago(22))
  await example('05-clinic-visit', CLINIC, ago(17))
  clock.at = ago(1)
  await services.campaigns.setState('clinic-visit', 'paused')
  clock.at = PICTURE_NOW - 4 * MINUTE_MS
  await services.drafts.save('welcome', { source: welcomeDraft(DEER), savedBy: 'linxiao' }, undefined)
  clock.at = ago(2)
  await services.drafts.save('spring-reading', { source: springDraft(DEER), savedBy: 'hemeng' }, undefined)
  return versions
}

/** An example of the gallery, with its media uploaded. */
async function withMedia(db: AppHarness['services']['db'], file: string): Promise<string> {
  const path = fileURLToPath(new URL(`../../../campaigns/${file}.yaml`, import.meta.url))
  const found = siblingMedia(path, readFileSync(path, 'utf8'))
  for (const { name, type, content, rewrite } of found.media) {
    const createdAt = PICTURE_NOW - 3 * DAY_MS
    const medium = { type, contentType: 'image/png', filename: name, content, createdAt }
    rewrite((await saveMedium(db, medium)).id)
  }
  return found.text()
}

/** @returns the follower of the picture of one conversation */
async function addFollowers({ services }: AppHarness, versions: Map<string, LiveVersion[]>): Promise<string> {
  const random = createRandom(20_261_203)
  const all = new PictureFollowers(random, PICTURE_NOW)
  const known = new Map((await services.accounts.list()).map((account) => [account.appId, account]))
  const lives: CampaignLife[] = [
    welcomeLife(DEER, 1_500),
    couponLife(NOODLES, 560),
    courseLife(TIDY, 320),
    expoLife(DEER, 240),
    afterSalesLife(WATER, 90, LOST_AT),
  ]
  const add = (life: CampaignLife, entryAt: number, openId: string, later = life.later(random, entryAt)) => {
    const account = known.get(life.appId)
    const version = versions.get(life.campaign)?.findLast(({ since }) => since <= entryAt)
    if (!account || !version) throw new Error(`nobody can enter ${life.campaign} at ${entryAt}`)
    const until = life.until ?? PICTURE_NOW
    all.add({ openId, account, version, entryAt, entry: life.entry(random), later, until })
  }
  for (const life of lives)
    for (let i = 0; i < life.followers; i++) add(life, entryTime(random, life, PICTURE_NOW), all.newOpenId())
  const openId = all.newOpenId()
  const { at, later } = conversationLife(TODAY - 12 * HOUR_MS + 10 * MINUTE_MS + 21 * SECOND_MS)
  add(welcomeLife(DEER, 1), at, openId, later)
  await all.write(services.db)
  return openId
}

async function addDetails({ services }: AppHarness): Promise<void> {
  const { db } = services
  const codes = [
    [NOODLES, 'shop-nanjing-road', 'shop-coupon', null],
    [NOODLES, 'shop-west-lake', 'shop-coupon', null],
    [NOODLES, 'shop-station', 'shop-coupon', null],
    [DEER, 'expo-a1', 'expo-2027', PICTURE_NOW + 20 * DAY_MS],
    [DEER, 'expo-a2', 'expo-2027', PICTURE_NOW + 20 * DAY_MS],
    [DEER, 'expo-b1', 'expo-2027', PICTURE_NOW + 20 * DAY_MS],
  ] as const
  for (const [i, [appId, scene, campaign, expiresAt]] of codes.entries())
    await saveQrcode(db, {
      appId,
      scene,
      campaign,
      expiresAt,
      ticket: `test-ticket-${scene}`,
      url: `http://weixin.qq.com/q/02test${scene}`,
      createdAt: PICTURE_NOW - (19 - i * 3) * DAY_MS,
      createdBy: i < 3 ? 'chenyu' : 'linxiao',
    })
  const jobs = Object.keys(JOBS.en).map((name, i) => ({
    name,
    lastRunAt: PICTURE_NOW - (i * 47 + 12) * SECOND_MS,
  }))
  await db.insert(periodicJobs).values(jobs).onConflictDoNothing()
}

async function addAudit({ services: { db } }: AppHarness): Promise<void> {
  // What the API has recorded is older than the pictures show.
  await db.delete(auditLog)
  const at = (minutes: number) => PICTURE_NOW - minutes * MINUTE_MS
  const rows: [minutes: number, actor: string, action: string, target: string, details?: object][] = [
    [8_900, 'linxiao', 'campaign.publish', 'welcome', { version: 3 }],
    [5_800, 'chenyu', 'campaign.rollback', 'shop-coupon', { version: 1 }],
    [4_420, 'linxiao', 'qrcode.create', DEER, { scene: 'expo-a1', campaign: 'expo-2027' }],
    [4_400, 'linxiao', 'media.upload', 'hall-a.png', { type: 'image' }],
    [4_320, 'chenyu', 'campaign.publish', 'expo-2027', { version: 1 }],
    [2_950, 'hemeng', 'draft.save', 'spring-reading', { revision: 1 }],
    [2_905, 'hemeng', 'follower.pause', DEER, null as never],
    [1_560, 'linxiao', 'account.verify', CLINIC, { passed: 5, failed: 1 }],
    [1_440, 'linxiao', 'campaign.pause', 'clinic-visit'],
    [1_390, 'chenyu', 'follower.bulk-resume', 'welcome', { total: 42, done: 41, ended: 1 }],
    [760, 'linxiao', 'user.change', 'zhoumin', { disabled: true }],
    [412, 'chenyu', 'session.begin', 'chenyu'],
    [396, 'chenyu', 'menu.put', NOODLES, { buttons: 3 }],
    [171, 'hemeng', 'campaign.test-send', 'welcome', { steps: 3, sent: 3 }],
    [64, 'linxiao', 'session.begin', 'linxiao'],
    [4, 'linxiao', 'draft.save', 'welcome', { revision: 1 }],
  ]
  for (const [minutes, actor, action, target, details] of rows)
    await writeAudit(db, { actor, action, target, ...(details ? { details } : {}), at: at(minutes) })
}
