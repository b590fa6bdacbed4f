import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { workflowIdOf } from '../../src/shared/ids.ts'
import { readFollower } from '../../src/store/runs/follower-rows.ts'
import {
  type ApiHarness,
  campaignYaml,
  type ErrorBody,
  type FollowerBody,
  type Page,
  startApiHarness,
} from '../harness/api-harness.ts'

const APP = 'wxfollowers00001'
const FORKS = 'wxforks000000001'
const LIST_A = 'wxlisted0000001a'
const LIST_B = 'wxlisted0000001b'
const MINUTE = 60_000
const HOUR = 3_600_000

let api: ApiHarness
beforeAll(async () => {
  api = await startApiHarness()
  for (const appId of [APP, FORKS, LIST_A, LIST_B]) await api.addAccount({ appId })
  const steps = [
    '{ id: hint, after: 20s, since: entry, when: not-replied, send: { text: 还在吗 } }',
    '{ id: gift, after: 10m, since: reply, send: { text: 资料 } }',
    '{ id: offer, after: 20m, since: reply, ifLate: skip, send: { text: 优惠 } }',
    '{ id: last, after: 30h, since: reply, send: { text: 再见 } }',
  ]
  await api.put(campaignYaml('series', steps, [`accounts: [${APP}]`, 'exit: { keywords: [TD] }']))
  const short = '{ id: only, after: 5s, send: { text: 你好 } }'
  // So long that a slow machine pauses a run before it ends.
  const longer = short.replace('5s', '40s')
  await api.put(campaignYaml('list-a', [longer], [`accounts: [${LIST_A}]`]))
  const ask = "{ id: ask, wait: 10h, branches: [{ name: 领取, on: { keywords: ['1'] }, steps: [] }] }"
  const more = '{ id: more, wait: 20h, branches: [{ name: 点击, on: { keys: [menu-*] }, steps: [] }] }'
  await api.put(campaignYaml('asks', [ask, more, short], [`accounts: [${FORKS}]`]))
  await api.put(campaignYaml('list-b', [longer], [`accounts: [${LIST_B}]`]))
})
afterAll(() => api?.close())

const path = (openId: string, appId = APP) => `/api/followers/${appId}/${openId}`
const command = (openId: string, verb: string, json?: object) =>
  api.call('POST', `${path(openId)}/${verb}`, json ? { json } : {})
const stateOf = (f: FollowerBody, id: string) => f.steps.find((s) => s.id === id)

/** Makes a follower join the series. A `replied` follower has a grant of five messages in 48 hours. */
async function join(openId: string, how: 'silent' | 'replied' = 'replied') {
  const wechat = api.app.simulator.account(APP)
  await wechat.follow(openId)
  await api.app.waitForRun(APP, openId, (r) => r.runId !== null && r.state.ledger.length > 0)
  if (how === 'replied') {
    await wechat.type(openId, '1')
    await api.app.waitForRun(APP, openId, (r) => r.state.steps[0]?.reason === 'replied')
  }
  return wechat
}

const sentTo = (openId: string) =>
  api.app.simulator
    .account(APP)
    .sends.filter((s) => s.openId === openId)
    .map((s) => (s.body.text as { content: string }).content)

describe('the API view of a follower', () => {
  it('contains what a fork waits for, until when, and what was decided and when, as the query does', async () => {
    const wechat = api.app.simulator.account(FORKS)
    const forks = async (index: number, state: string) =>
      (await api.waitForBody<FollowerBody>(path('oAsked', FORKS), (f) => f.forks?.[index]?.state === state))
        .forks ?? []
    await wechat.follow('oAsked')
    const [ask, pending] = await forks(0, 'waiting')
    expect(ask).toMatchObject({
      id: 'ask',
      waitsFor: [{ branch: '领取', on: [{ event: 'message', keywords: ['1'] }] }],
      took: null,
      takenAt: null,
      reason: null,
    })
    expect(pending).toMatchObject({ id: 'more', state: 'pending', waitsFor: [], until: null })
    await wechat.type('oAsked', '1')
    const [taken, waiting] = await forks(1, 'waiting')
    expect(taken).toMatchObject({ state: 'taken', waitsFor: [], until: null, took: '领取' })
    const takenAt = Date.parse(taken?.takenAt ?? '')
    expect(takenAt).toBeLessThan(Date.parse(ask?.until ?? ''))
    expect(Date.parse(waiting?.until ?? '') - takenAt).toBe(20 * HOUR)
    const handle = api.app.services.temporal.client.workflow.getHandle(workflowIdOf(FORKS, 'oAsked'))
    expect(await handle.query('state')).toMatchObject({ forks: [taken, waiting] })
    expect(
      (await api.get<Page<FollowerBody>>(`/api/followers?appId=${FORKS}`)).body.items[0],
    ).not.toHaveProperty('forks')
  })

  it('contains run, window, ledger and steps', async () => {
    const wechat = await join('oShown')
    const { status, body } = await api.get<FollowerBody>(path('oShown'))
    expect(status).toBe(200)
    expect(Object.keys(body).sort()).toEqual(
      ['appId', 'openId', 'runId', 'campaign', 'version', 'status', 'outcome', 'reason']
        .concat('startedAt', 'endedAt', 'window', 'ledger', 'steps')
        .sort(),
    )
    expect(body).toMatchObject({
      appId: APP,
      openId: 'oShown',
      campaign: 'series',
      version: 1,
      status: 'active',
      outcome: null,
      reason: null,
      endedAt: null,
    })
    const described = await api.app.services.temporal.client.workflow
      .getHandle(workflowIdOf(APP, 'oShown'))
      .describe()
    expect(body.runId).toBe(described.runId)
    const [hint, gift, offer, last] = body.steps
    expect(hint).toMatchObject({
      id: 'hint',
      state: 'skipped',
      reason: 'replied',
      sentAt: null,
      errcode: null,
    })
    for (const step of [gift, offer, last]) expect(step).toMatchObject({ state: 'pending', sentAt: null })
    const replyAt = Date.parse(gift?.dueAt ?? '') - 10 * MINUTE
    expect(Date.parse(last?.dueAt ?? '') - replyAt).toBe(30 * HOUR)
    expect(Date.parse(body.window.closesAt) - replyAt).toBe(48 * HOUR)
    expect(body.ledger.map((g) => [g.scene, g.quota, g.used]).sort()).toEqual([
      ['message', 5, 0],
      ['subscribe', 3, 0],
    ])
    const grants = body.ledger
      .map((g) => Date.parse(g.expiresAt) - Date.parse(g.grantedAt))
      .sort((a, b) => a - b)
    expect(grants).toEqual([MINUTE, 48 * HOUR])

    await wechat.fastForward('oShown', 11 * MINUTE)
    const later = await api.waitForBody<FollowerBody>(
      path('oShown'),
      (f) => stateOf(f, 'gift')?.state === 'sent',
    )
    expect(Date.parse(stateOf(later, 'gift')?.sentAt ?? '')).toBeGreaterThanOrEqual(
      Date.parse(gift?.dueAt ?? ''),
    )
    expect(later.ledger.find((g) => g.scene === 'message')).toMatchObject({ quota: 5, used: 1 })
  })

  it('equals the result of Temporal’s query', async () => {
    await join('oQueried')
    const handle = api.app.services.temporal.client.workflow.getHandle(workflowIdOf(APP, 'oQueried'))
    const { body } = await api.get<FollowerBody>(path('oQueried'))
    expect(await handle.query('state')).toEqual(body)
  })

  it('is 404 if the follower never had a run', async () => {
    for (const [method, tail] of [
      ['GET', ''],
      ['POST', '/cancel'],
      ['POST', '/pause'],
      ['POST', '/resume'],
    ]) {
      const answer = await api.call<ErrorBody>(method ?? '', `${path('oNobody')}${tail}`)
      expect([method, tail, answer.status]).toEqual([method, tail, 404])
      expect(answer.body.error.code).toEqual(expect.any(String))
    }
    expect((await api.get(path('oShown', 'wxnobody00000001'))).status).toBe(404)
  })

  it('contains the latest run after the follower follows again', async () => {
    const wechat = await join('oBack', 'silent')
    const { body: first } = await api.get<FollowerBody>(path('oBack'))
    await wechat.fastForward('oBack', 2_000)
    await wechat.unfollow('oBack')
    const left = await api.waitForBody<FollowerBody>(path('oBack'), (f) => f.status === 'ended')
    expect(left).toMatchObject({ runId: first.runId, outcome: 'unsubscribed', ledger: [] })
    expect(left.endedAt).toEqual(expect.any(String))
    await wechat.fastForward('oBack', 2_000)
    await wechat.follow('oBack')
    const next = await api.waitForBody<FollowerBody>(
      path('oBack'),
      (f) => f.status === 'active' && f.runId !== null,
    )
    expect(next.runId).not.toBe(first.runId)
    expect(next.outcome).toBeNull()
  })
})

describe('a run that an operator cancels', () => {
  it('ends as cancelled with the reason, and sends no further message', async () => {
    const wechat = await join('oCancelled', 'silent')
    expect((await command('oCancelled', 'cancel', { reason: '投诉 complaint' })).status).toBe(202)
    const ended = await api.waitForBody<FollowerBody>(path('oCancelled'), (f) => f.status === 'ended')
    expect(ended).toMatchObject({ outcome: 'cancelled', reason: '投诉 complaint' })
    expect(ended.steps.every((s) => s.state === 'skipped')).toBe(true)
    await wechat.fastForward('oCancelled', HOUR)
    expect(sentTo('oCancelled')).toEqual([])
  })

  it('needs neither a reason nor a body', async () => {
    await join('oCancelledBare', 'silent')
    expect((await command('oCancelledBare', 'cancel')).status).toBe(202)
    await join('oCancelledEmpty', 'silent')
    expect((await command('oCancelledEmpty', 'cancel', {})).status).toBe(202)
    for (const openId of ['oCancelledBare', 'oCancelledEmpty']) {
      await api.waitForBody<FollowerBody>(path(openId), (f) => f.outcome === 'cancelled')
    }
  })

  it('stays active if the request is invalid', async () => {
    await join('oRefuses', 'silent')
    expect((await command('oRefuses', 'cancel', { why: 'typo' })).status).toBe(422)
    expect((await command('oRefuses', 'cancel', { reason: 5 })).status).toBe(422)
    const text = { raw: 'because', type: 'text/plain' }
    expect([415, 422]).toContain((await api.call('POST', `${path('oRefuses')}/cancel`, text)).status)
    for (const verb of ['pause', 'resume']) {
      expect((await command('oRefuses', verb, { reason: 'not taken here' })).status).toBe(422)
    }
    expect((await api.get(path('oRefuses'))).body).toMatchObject({ status: 'active' })
  })

  it('cannot be cancelled, paused or resumed again: 409', async () => {
    await join('oOver', 'silent')
    await command('oOver', 'cancel', {})
    await api.waitForBody<FollowerBody>(path('oOver'), (f) => f.status === 'ended')
    for (const verb of ['cancel', 'pause', 'resume']) {
      const { status, body } = (await command('oOver', verb)) as { status: number; body: ErrorBody }
      expect([verb, status]).toEqual([verb, 409])
      expect(body.error.code).toEqual(expect.any(String))
    }
    expect((await api.get(path('oOver'))).body).toMatchObject({ status: 'ended', outcome: 'cancelled' })
  })
})

describe('a follower whom an operator pauses', () => {
  it('gets no message while paused, and overdue steps follow their ifLate after the resume', async () => {
    const wechat = await join('oPaused')
    expect((await command('oPaused', 'pause')).status).toBe(202)
    await api.waitForBody<FollowerBody>(path('oPaused'), (f) => f.status === 'paused')
    await wechat.fastForward('oPaused', 40 * MINUTE)
    const held = await api.waitForBody<FollowerBody>(
      path('oPaused'),
      (f) => stateOf(f, 'offer')?.state === 'held',
    )
    expect(stateOf(held, 'gift')).toMatchObject({ state: 'held', reason: 'paused' })
    expect(sentTo('oPaused')).toEqual([])

    expect((await command('oPaused', 'resume')).status).toBe(202)
    const resumed = await api.waitForBody<FollowerBody>(
      path('oPaused'),
      (f) => stateOf(f, 'gift')?.state === 'sent',
    )
    expect(resumed.status).toBe('active')
    await api.waitForBody<FollowerBody>(path('oPaused'), (f) => stateOf(f, 'offer')?.state === 'skipped')
    const { body } = await api.get<FollowerBody>(path('oPaused'))
    expect(stateOf(body, 'offer')).toMatchObject({ reason: 'late' })
    expect(stateOf(body, 'last')).toMatchObject({ state: 'pending' })
    expect(sentTo('oPaused')).toEqual(['资料'])
  })

  it('gets an overdue step after Temporal’s own resume signal', async () => {
    const wechat = await join('oOverdue')
    await command('oOverdue', 'pause')
    await api.waitForBody<FollowerBody>(path('oOverdue'), (f) => f.status === 'paused')
    await wechat.fastForward('oOverdue', 11 * MINUTE)
    await api.waitForBody<FollowerBody>(path('oOverdue'), (f) => stateOf(f, 'gift')?.state === 'held')
    await api.app.services.temporal.client.workflow.getHandle(workflowIdOf(APP, 'oOverdue')).signal('resume')
    await api.waitForBody<FollowerBody>(path('oOverdue'), (f) => stateOf(f, 'gift')?.state === 'sent')
    expect((await api.get(path('oOverdue'))).body).toMatchObject({ status: 'active' })
    expect(sentTo('oOverdue')).toEqual(['资料'])
  })

  it('is active after Temporal’s own resume signal, and gets the next step when it is due', async () => {
    const wechat = await join('oSignalled')
    await command('oSignalled', 'pause')
    await api.waitForBody<FollowerBody>(path('oSignalled'), (f) => f.status === 'paused')
    await wechat.fastForward('oSignalled', 5 * MINUTE)
    await api.app.services.temporal.client.workflow
      .getHandle(workflowIdOf(APP, 'oSignalled'))
      .signal('resume')
    await api.waitForBody<FollowerBody>(path('oSignalled'), (f) => f.status === 'active')
    await wechat.fastForward('oSignalled', 6 * MINUTE)
    await api.waitForBody<FollowerBody>(path('oSignalled'), (f) => stateOf(f, 'gift')?.state === 'sent')
    expect(sentTo('oSignalled')).toEqual(['资料'])
  })

  it('can be resumed through the API after Temporal’s own pause signal', async () => {
    const wechat = await join('oPausedThere')
    await api.app.services.temporal.client.workflow
      .getHandle(workflowIdOf(APP, 'oPausedThere'))
      .signal('pause')
    await api.waitForBody<FollowerBody>(path('oPausedThere'), (f) => f.status === 'paused')
    expect((await command('oPausedThere', 'resume')).status).toBe(202)
    await api.waitForBody<FollowerBody>(path('oPausedThere'), (f) => f.status === 'active')
    await wechat.fastForward('oPausedThere', 11 * MINUTE)
    await api.waitForBody<FollowerBody>(path('oPausedThere'), (f) => stateOf(f, 'gift')?.state === 'sent')
  })

  it('can be cancelled while paused', async () => {
    await join('oPausedThenOver')
    await command('oPausedThenOver', 'pause')
    await api.waitForBody<FollowerBody>(path('oPausedThenOver'), (f) => f.status === 'paused')
    expect((await command('oPausedThenOver', 'cancel', { reason: 'enough' })).status).toBe(202)
    const ended = await api.waitForBody<FollowerBody>(path('oPausedThenOver'), (f) => f.status === 'ended')
    expect(ended).toMatchObject({ outcome: 'cancelled', reason: 'enough' })
  })
})

describe('a run that has ended in Temporal, which the store does not know yet', () => {
  it('cannot be paused, and its follower is not paused either', async () => {
    const openId = 'oTerminated'
    await join(openId, 'silent')
    const { temporal, db } = api.app.services
    await temporal.client.workflow.getHandle(workflowIdOf(APP, openId)).terminate('by an operator')
    expect((await command(openId, 'pause')).status).toBe(409)
    expect(await readFollower(db, { appId: APP, openId })).toMatchObject({ paused: false })
  })
})

describe('the list of followers', () => {
  const list = async (query: string) => {
    const { status, body } = await api.get<Page<FollowerBody>>(`/api/followers?${query}`)
    expect(status).toBe(200)
    return body
  }
  const ids = async (query: string) => (await list(query)).items.map((f) => f.openId).sort()

  beforeAll(async () => {
    const a = api.app.simulator.account(LIST_A)
    const b = api.app.simulator.account(LIST_B)
    for (const openId of ['oListDone', 'oListLeft', 'oListActive', 'oListPaused']) await a.follow(openId)
    await b.follow('oListOther')
    await api.app.waitForRun(LIST_A, 'oListLeft', (r) => r.runId !== null)
    await a.unfollow('oListLeft')
    await api.app.waitForRun(LIST_A, 'oListPaused', (r) => r.runId !== null)
    await api.call('POST', `${path('oListPaused', LIST_A)}/pause`)
    for (const openId of ['oListDone', 'oListActive']) {
      await api.app.waitForRun(LIST_A, openId, (r) => r.runId !== null)
      await a.fastForward(openId, 41_000)
    }
    await api.app.waitForRun(LIST_B, 'oListOther', (r) => r.runId !== null)
    await b.fastForward('oListOther', 41_000)
    await api.app.waitForRun(LIST_A, 'oListDone', (r) => r.outcome === 'completed')
    await api.app.waitForRun(LIST_A, 'oListLeft', (r) => r.outcome === 'unsubscribed')
    await api.app.waitForRun(LIST_A, 'oListPaused', (r) => r.status === 'paused')
    await api.app.waitForRun(LIST_A, 'oListActive', (r) => r.outcome === 'completed')
    await api.app.waitForRun(LIST_B, 'oListOther', (r) => r.outcome === 'completed')
    await a.fastForward('oListActive', 1_000)
    await a.unfollow('oListActive')
    await a.fastForward('oListActive', 1_000)
    await a.follow('oListActive')
    await api.app.waitForRun(LIST_A, 'oListActive', (r) => r.status === 'active' && r.runId !== null)
  })

  it('can be filtered by account, status, outcome and campaign, and by several of them', async () => {
    expect(await ids(`appId=${LIST_A}`)).toEqual(['oListActive', 'oListDone', 'oListLeft', 'oListPaused'])
    expect(await ids(`appId=${LIST_B}`)).toEqual(['oListOther'])
    expect(await ids('campaign=list-b')).toEqual(['oListOther'])
    expect(await ids(`appId=${LIST_A}&status=paused`)).toEqual(['oListPaused'])
    expect(await ids(`appId=${LIST_A}&outcome=unsubscribed`)).toEqual(['oListLeft'])
    expect(await ids(`appId=${LIST_A}&status=ended&outcome=completed`)).toEqual(['oListDone'])
    expect(await ids(`appId=${LIST_A}&campaign=list-b`)).toEqual([])
    expect(await ids(`appId=${LIST_A}&status=ended`)).toEqual(['oListDone', 'oListLeft'])
  })

  it('contains each follower once, with the fields of the single view except ledger and steps', async () => {
    const { items } = await list(`appId=${LIST_A}`)
    expect(items).toHaveLength(4)
    for (const item of items) {
      const { body } = await api.get<FollowerBody>(path(item.openId, LIST_A))
      const { ledger: _ledger, steps: _steps, ...rest } = body
      expect(item).toEqual(rest)
    }
  })

  it('contains the window of the single view, even after another message of the follower', async () => {
    const wechat = await join('oTypesAgain')
    await wechat.fastForward('oTypesAgain', 2 * MINUTE)
    const { body: before } = await api.get<FollowerBody>(path('oTypesAgain'))
    await wechat.type('oTypesAgain', '还有吗')
    const after = await api.waitForBody<FollowerBody>(
      path('oTypesAgain'),
      (f) => f.window.closesAt > before.window.closesAt,
    )
    const { items } = await list(`appId=${APP}&limit=200`)
    expect(items.find((f) => f.openId === 'oTypesAgain')?.window).toEqual(after.window)
  })

  it('has pages, with each follower once and the newest first', async () => {
    const all = await list(`appId=${LIST_A}&limit=200`)
    expect(all.next).toBeNull()
    const listed: string[] = []
    for (let cursor: string | null = ''; cursor !== null; ) {
      const page: Page<FollowerBody> = await list(
        `appId=${LIST_A}&limit=3${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ''}`,
      )
      expect(page.items.length).toBeLessThanOrEqual(3)
      listed.push(...page.items.map((f) => f.openId))
      cursor = page.next
    }
    expect(listed).toEqual(all.items.map((f) => f.openId))
    expect(listed).toHaveLength(4)
    expect(listed[0]).toBe('oListActive')
  })

  it.each(['status=asleep', 'limit=0', 'limit=201', 'limit=x'])('rejects %s', async (query) => {
    expect((await api.get(`/api/followers?${query}`)).status).toBe(422)
  })
})
