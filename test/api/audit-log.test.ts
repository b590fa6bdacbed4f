import { isDeepStrictEqual } from 'node:util'
import { eq, sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readFollower, saveFollower } from '../../src/store/runs/follower-rows.ts'
import { outbox, users } from '../../src/store/schema.ts'
import { execute } from '../../src/store/sql.ts'
import { enqueueWebhook } from '../../src/store/webhooks/outbox.ts'
import { type ApiHarness, campaignYaml, type Page, SECRETS, startApiHarness } from '../harness/api-harness.ts'
import { signIn } from '../harness/console-session.ts'
import { waitFor } from '../harness/wait-for.ts'

const APP = 'wxaudit000000001'
const ADDED = 'wxaudit000000002'
const PASSWORD = 'test-passwords-stand-nowhere'
const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
)

interface Entry {
  at: string
  actor: string
  action: string
  target: string
  details: unknown
}
type Sent = { json?: unknown; raw?: string | FormData; type?: string }

let api: ApiHarness
let token = ''
let tokenId = ''
beforeAll(async () => {
  api = await startApiHarness()
  await api.addAccount({ appId: APP })
  const made = await api.call<{ id: string; token: string }>('POST', '/api/tokens', {
    json: { name: 'test token', role: 'admin' },
  })
  token = made.body.token
  tokenId = made.body.id
  const far = ['{ id: far, after: 22h, send: { text: 第二天 } }']
  await api.put(campaignYaml('running', far, [`accounts: [${APP}]`]))
  await api.app.simulator.account(APP).follow('oAudited')
  await api.app.waitForRun(APP, 'oAudited', (r) => r.runId !== null)
})
afterAll(() => api?.close())

const entries = async (query = '') => (await api.get<Page<Entry>>(`/api/audit${query}`)).body
const isErased = ({ actor, action }: Entry) => actor === 'dispatcher' && action === 'follower.erased'
/** The entries of this test's token. The product also writes entries of its own when it completes a request. */
const entriesOfToken = async () =>
  (await entries('?limit=200')).items.filter(({ actor }) => actor === tokenId)

function picture(): FormData {
  const form = new FormData()
  form.set('file', new Blob([new Uint8Array(PNG)]), 'pixel.png')
  return form
}

/** Calls other than GET that change nothing. */
const CHANGES_NOTHING = ['POST /api/campaigns/preview', 'POST /api/campaigns/dry-run']
const yaml = campaignYaml('walked', ['{ id: a, after: 5s, send: { text: hi } }'], [`accounts: [${ADDED}]`])
/** A human agent takes the follower's session. */
const openSession = () =>
  saveFollower(
    api.app.services.db,
    { appId: APP, openId: 'oAudited' },
    { agent: true, agentAt: Date.now(), agentSeq: 1 },
    Date.now(),
  )
/** WeChat allows five messages after a typed one. */
async function openGrant(): Promise<void> {
  await api.app.simulator.account(APP).type('oAudited', '你好')
  await waitFor(() => readFollower(api.app.services.db, { appId: APP, openId: 'oAudited' }), {
    until: (row) => row?.grants.some(({ scene }) => scene === 'message') === true,
  })
}
/** The id of a webhook that nobody sends any more. */
async function failedWebhook(): Promise<string> {
  const { db } = api.app.services
  const event = { campaign: 'c', version: 1, step: 's', runKey: 'r', qrScene: null, variant: null, facts: {} }
  const now = Date.now()
  await db.transaction(async (tx) => {
    await enqueueWebhook(tx, { appId: APP, openId: 'oWebhook' }, 'gone', { ...event, at: now }, now)
    await tx.update(outbox).set({ state: 'failed', endedAt: now })
  })
  const [row] = await db.select().from(outbox)
  return String(row?.id)
}
const follower = `/api/followers/${APP}/oAudited`
/** The status of the run after the action has taken effect. */
const STATUS_AFTER: Record<string, string> = {
  'follower.pause': 'paused',
  'follower.resume': 'active',
  'follower.cancel': 'ended',
  'follower.enter': 'active',
}

/** Every call that changes something, in an order in which each succeeds. `call` is its key in the OpenAPI document. */
const CHANGES: [call: string, path: string, sent: Sent, action: string][] = [
  [
    'POST /api/accounts',
    '/api/accounts',
    { json: { ...SECRETS, appId: ADDED, mode: 'security' } },
    'account.add',
  ],
  [
    'PATCH /api/accounts/{appId}',
    `/api/accounts/${ADDED}`,
    {
      json: { ...SECRETS, forward: { url: 'https://example.com/', token: SECRETS.token }, state: 'paused' },
    },
    'account.change',
  ],
  ['POST /api/accounts/{appId}/verify', `/api/accounts/${APP}/verify`, {}, 'account.verify'],
  [
    'PUT /api/accounts/{appId}/menu',
    `/api/accounts/${APP}/menu`,
    { json: { button: [{ type: 'click', name: '资料', key: 'guide' }] } },
    'menu.put',
  ],
  ['POST /api/accounts/{appId}/menu/saved', `/api/accounts/${APP}/menu/saved`, {}, 'menu.save'],
  ['DELETE /api/accounts/{appId}/menu', `/api/accounts/${APP}/menu`, {}, 'menu.remove'],
  [
    'PUT /api/campaigns/{id}',
    '/api/campaigns/walked',
    { raw: yaml, type: 'application/yaml' },
    'campaign.publish',
  ],
  [
    'PUT /api/campaigns/{id}/draft',
    '/api/campaigns/walked/draft',
    { raw: `${yaml}\nwindow: 47h`, type: 'application/yaml' },
    'draft.save',
  ],
  ['POST /api/campaigns/{id}/draft/publish', '/api/campaigns/walked/draft/publish', {}, 'campaign.publish'],
  ['DELETE /api/campaigns/{id}/draft', '/api/campaigns/running/draft', {}, 'draft.delete'],
  [
    'POST /api/campaigns/{id}/rollback',
    '/api/campaigns/walked/rollback',
    { json: { version: 1 } },
    'campaign.rollback',
  ],
  [
    'POST /api/campaigns/{id}/accounts',
    '/api/campaigns/walked/accounts',
    { json: { add: [APP] } },
    'campaign.accounts',
  ],
  ['POST /api/campaigns/{id}/retire', '/api/campaigns/walked/retire', {}, 'campaign.retire'],
  ['POST /api/campaigns/{id}/restore', '/api/campaigns/walked/restore', {}, 'campaign.restore'],
  [
    'POST /api/campaigns/{id}/test-send',
    '/api/campaigns/running/test-send',
    { json: { appId: APP, openId: 'oAudited', step: 'far' } },
    'campaign.test-send',
  ],
  ['POST /api/campaigns/{id}/pause', '/api/campaigns/walked/pause', {}, 'campaign.pause'],
  ['POST /api/campaigns/{id}/resume', '/api/campaigns/walked/resume', {}, 'campaign.resume'],
  ['DELETE /api/campaigns/{id}', '/api/campaigns/walked', {}, 'campaign.delete'],
  [
    'PATCH /api/followers/{appId}/{openId}/facts',
    `${follower}/facts`,
    { json: { paid: true } },
    'follower.facts',
  ],
  [
    'POST /api/followers/{appId}/{openId}/tags',
    `${follower}/tags`,
    { json: { add: ['vip'] } },
    'follower.tags',
  ],
  ['POST /api/followers/{appId}/{openId}/pause', `${follower}/pause`, {}, 'follower.pause'],
  ['POST /api/followers/{appId}/{openId}/resume', `${follower}/resume`, {}, 'follower.resume'],
  [
    'POST /api/followers/{appId}/{openId}/cancel',
    `${follower}/cancel`,
    { json: { reason: '客户要求' } },
    'follower.cancel',
  ],
  [
    'POST /api/followers/{appId}/{openId}/enter',
    `${follower}/enter`,
    { json: { campaign: 'running' } },
    'follower.enter',
  ],
  ['POST /api/followers/{appId}/{openId}/agent/end', `${follower}/agent/end`, {}, 'follower.agent-end'],
  ['POST /api/followers/{appId}/{openId}/erase', `${follower}/erase`, {}, 'follower.erase'],
  [
    'POST /api/followers/bulk',
    '/api/followers/bulk',
    { json: { action: 'pause', filter: { campaign: 'nobody' } } },
    'follower.bulk-pause',
  ],
  ['POST /api/bulk-jobs/{id}/stop', '/api/bulk-jobs/JOB/stop', {}, 'bulk-job.stop'],
  ['POST /api/temporal/accept', '/api/temporal/accept', {}, 'temporal.accept'],
  ['POST /api/keys/rotate', '/api/keys/rotate', {}, 'key.rotate'],
  ['POST /api/media', '/api/media', { raw: picture() }, 'media.upload'],
  ['POST /api/qrcodes', '/api/qrcodes', { json: { appId: APP, qrScene: 'expo' } }, 'qrcode.create'],
  [
    'POST /api/users',
    '/api/users',
    { json: { name: 'walked', role: 'viewer', password: PASSWORD } },
    'user.add',
  ],
  [
    'PATCH /api/users/{name}',
    '/api/users/walked',
    { json: { role: 'operator', password: `${PASSWORD}-2`, disabled: true } },
    'user.change',
  ],
  [
    'DELETE /api/users/{name}/second-factor',
    '/api/users/walked/second-factor',
    {},
    'user.second-factor-reset',
  ],
  ['DELETE /api/users/{name}', '/api/users/walked', {}, 'user.remove'],
  ['POST /api/tokens', '/api/tokens', { json: { name: 'walked', role: 'viewer' } }, 'token.create'],
  ['DELETE /api/tokens/{id}', '/api/tokens/MADE', {}, 'token.revoke'],
  ['DELETE /api/accounts/{appId}', `/api/accounts/${ADDED}`, {}, 'account.remove'],
  ['PUT /api/hooks/{name}', '/api/hooks/walked', { json: { accounts: [APP] } }, 'hook.add'],
  ['POST /api/hooks/{name}/secret', '/api/hooks/walked/secret', {}, 'hook.secret'],
  ['DELETE /api/hooks/{name}', '/api/hooks/walked', {}, 'hook.remove'],
  [
    'PUT /api/webhooks/{name}',
    '/api/webhooks/walked',
    { json: { url: 'https://example.com/in' } },
    'webhook.add',
  ],
  ['POST /api/webhooks/{name}/secret', '/api/webhooks/walked/secret', {}, 'webhook.secret'],
  ['POST /api/webhooks/{name}/retry', '/api/webhooks/walked/retry', {}, 'webhook.retry'],
  ['DELETE /api/webhooks/{name}', '/api/webhooks/walked', {}, 'webhook.remove'],
  // The last one: from then on the sender of webhooks changes the row.
  ['POST /api/outbox/{id}/retry', '/api/outbox/FAILED/retry', {}, 'webhook.retry'],
]

/** Tables that change without a call, such as leases, access tokens and the last use of a token. */
const CHANGE_BY_THEMSELVES = ['jobs', 'tokens', 'api_tokens', 'audit_log', 'audit_log_away']
/** The content of the store, and the account's menu at WeChat. */
async function snapshot(): Promise<unknown> {
  const { db } = api.app.services
  const tables = await execute<{ name: string }>(
    db,
    sql`SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' ORDER BY 1`,
  )
  const content: Record<string, unknown> = {}
  for (const { name } of tables.rows.filter((t) => !CHANGE_BY_THEMSELVES.includes(t.name))) {
    const found = await execute(db, sql`SELECT * FROM ${sql.identifier(name)}`)
    content[name] = found.rows.map((row) => JSON.stringify(row)).sort()
  }
  content.apiTokens = (await api.get<Page<{ id: string }>>('/api/tokens')).body.items.map((t) => t.id)
  content.menu = (await api.call('GET', `/api/accounts/${APP}/menu`)).text
  return content
}
/** Waits for two equal snapshots in a row, so that the effects of earlier calls have reached the store. */
async function settledSnapshot(): Promise<unknown> {
  let last: unknown
  await waitFor(async () => {
    const before = last
    last = await snapshot()
    return isDeepStrictEqual(before, last)
  })
  return last
}
async function withoutAuditLog(work: () => Promise<void>): Promise<void> {
  const { db } = api.app.services
  await db.execute('ALTER TABLE audit_log RENAME TO audit_log_away')
  try {
    await work()
  } finally {
    await db.execute('ALTER TABLE audit_log_away RENAME TO audit_log')
  }
}

describe('the audit log', () => {
  it('is tested with every API call that changes something', async () => {
    const { body } = await api.get<{ paths: Record<string, Record<string, unknown>> }>('/api/openapi.json')
    const calls = Object.entries(body.paths).flatMap(([path, item]) =>
      Object.keys(item).map((method) => `${method.toUpperCase()} ${path}`),
    )
    const changing = calls.filter((c) => !c.startsWith('GET ') && !CHANGES_NOTHING.includes(c))
    expect(CHANGES.map(([call]) => call).sort()).toEqual(changing.sort())
  })

  it('records each change without secrets, and a change that it cannot record is not made', async () => {
    const { db } = api.app.services
    let createdToken = { id: 'none', token: 'none' }
    let startedJob = 'none'
    const failed = await failedWebhook()
    const pathOf = (path: string) =>
      path.replace('MADE', createdToken.id).replace('FAILED', failed).replace('JOB', startedJob)
    for (const [call, path, sent, action] of CHANGES) {
      const [method = ''] = call.split(' ')
      if (action === 'follower.agent-end') await openSession()
      if (action === 'campaign.test-send') await openGrant()
      if (action === 'draft.delete')
        await api.call('PUT', '/api/campaigns/running/draft', { raw: yaml, type: 'application/yaml' })
      if (action === 'user.second-factor-reset')
        await db
          .update(users)
          .set({ totpSecretSealed: 'test', totpEnabledAt: 1 })
          .where(eq(users.name, 'walked'))
      const before = (await entriesOfToken()).length
      await withoutAuditLog(async () => {
        const contentBefore = await settledSnapshot()
        const unrecorded = await api.call(method, pathOf(path), { ...sent, token })
        expect([call, unrecorded.status]).toEqual([call, 500])
        expect([call, await snapshot()]).toEqual([call, contentBefore])
      })
      const answer = await api.call<typeof createdToken>(method, pathOf(path), { ...sent, token })
      expect([call, answer.status, answer.status < 300 ? '' : answer.text]).toEqual([call, answer.status, ''])
      const items = await entriesOfToken()
      expect([call, items.length]).toEqual([call, before + 1])
      expect([call, items[0]]).toEqual([call, expect.objectContaining({ action })])
      if (call === 'POST /api/tokens') createdToken = answer.body
      if (call === 'POST /api/followers/bulk') startedJob = answer.body.id
      const status = STATUS_AFTER[action]
      if (status) await api.waitForBody<{ status: string }>(follower, (run) => run.status === status)
      // Wait here, because events wait for rebuilt runs once the namespace is accepted, and this test does not rebuild them.
      if (action === 'follower.erase')
        await waitFor(async () => (await entries('?limit=200')).items.some(isErased))
    }
    const all = JSON.stringify(await entries('?limit=200'))
    for (const secret of [
      PASSWORD,
      createdToken.token,
      token,
      ...Object.values(SECRETS),
      'scrypt',
      'oAudited',
    ])
      expect(all).not.toContain(secret)
  })

  it('has no entry for rejected calls', async () => {
    const before = await entries()
    const refused = [
      api.call('POST', '/api/accounts', { json: {}, token }),
      api.call('DELETE', '/api/accounts/wxnobody00000001', { token }),
      api.call('POST', '/api/campaigns/nobody/pause', { token }),
      api.call('POST', `${follower}x/cancel`, { token }),
      api.call('DELETE', '/api/users/nobody', { token }),
      api.call('DELETE', '/api/tokens/tok_none', { token }),
      api.call('POST', '/api/campaigns/preview', { json: { campaign: yaml }, token: 'wrong' }),
    ]
    for (const { status } of await Promise.all(refused)) expect(status).toBeGreaterThanOrEqual(400)
    expect(await entries()).toEqual(before)
  })

  it('has pages with the newest entry first, without a gap', async () => {
    const fullList = (await entries('?limit=200')).items
    const listed: Entry[] = []
    let next: string | null = ''
    while (next !== null) {
      const page: Page<Entry> = await entries(`?limit=7${next ? `&cursor=${next}` : ''}`)
      expect(page.items.length).toBeLessThanOrEqual(7)
      listed.push(...page.items)
      next = page.next
    }
    expect(listed).toEqual(fullList)
    const times = fullList.map((e) => e.at)
    expect(times).toEqual([...times].sort().reverse())
  })

  it('names the admin token as the actor, and users who sign in and out', async () => {
    await api.call('PATCH', `/api/accounts/${APP}`, { json: { name: '改名' } })
    expect((await entries('?limit=1')).items[0]).toMatchObject({
      actor: 'admin-token',
      action: 'account.change',
      target: APP,
      details: { fields: ['name'] },
    })
    await api.call('POST', '/api/users', { json: { name: 'lin', role: 'viewer', password: PASSWORD } })
    const cookie = (await signIn(api.web, { name: 'lin', password: PASSWORD })) ?? ''
    await api.web.request('/signout', { method: 'POST', headers: { cookie } })
    expect((await entries('?limit=2')).items).toMatchObject([
      { actor: 'lin', action: 'session.end' },
      { actor: 'lin', action: 'session.begin' },
    ])
  })
})
