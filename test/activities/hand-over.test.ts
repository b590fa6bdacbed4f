import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readFollower, saveFollower } from '../../src/store/runs/follower-rows.ts'
import { failureOf, type SendHarness, type SendScenario, startSendHarness } from '../harness/send-harness.ts'
import { waitFor } from '../harness/wait-for.ts'

const AGENT = 'test@agent'
const CREATE = 'kfsession/create'

let harness: SendHarness
beforeAll(async () => {
  harness = await startSendHarness()
})
afterAll(() => harness?.close())

const follower = (scenario: SendScenario) => readFollower(harness.services.db, scenario)
const session = (scenario: SendScenario) => harness.simulator.wechat.peek(scenario).agent?.account ?? null

describe('a handover to a human agent', () => {
  it('opens a session, once', async () => {
    const scenario = await harness.scenario()
    expect(await scenario.handOver(AGENT)).toMatchObject({ result: 'opened' })
    expect(await scenario.handOver(AGENT)).toMatchObject({ result: 'opened' })
    expect(session(scenario)).toBe(AGENT)
    await waitFor(() => follower(scenario), { until: (row) => row?.agent === true })
  })

  it('is known to later runs, although WeChat reports no session', async () => {
    const scenario = await harness.scenario()
    // WeChat opens the session, and the callback is lost.
    harness.simulator.wechat.follower(scenario).agent = { account: AGENT, since: 0 }
    expect(await scenario.handOver(AGENT)).toMatchObject({ result: 'opened' })
    expect(await follower(scenario)).toMatchObject({ agent: true, agentSeq: 0 })
  })

  it('changes nothing that a newer event of the session has said', async () => {
    const scenario = await harness.scenario()
    const newer = { agent: false, agentAt: Date.now() + 60_000, agentSeq: 9 }
    await saveFollower(harness.services.db, scenario, newer, Date.now())
    harness.simulator.wechat.follower(scenario).agent = { account: AGENT, since: 0 }
    expect(await scenario.handOver(AGENT)).toMatchObject({ result: 'opened' })
    expect(await follower(scenario)).toMatchObject(newer)
  })

  it.each([
    [
      'the agent is not online',
      65415,
      () => scenarioWith((s) => s.wechat.setAgent(AGENT, { online: false })),
      AGENT,
    ],
    ['nobody has this account', 65401, () => harness.scenario(), 'nobody@agent'],
    ['another agent has the session', 65414, () => scenarioWith((s) => takenByAnother(s)), AGENT],
    ['the follower is gone', 40003, () => scenarioWith((s) => void s.wechat.unfollow(s.openId)), AGENT],
  ])('is refused when %s', async (_, errcode, prepared, agent) => {
    const scenario = await prepared()
    expect(await scenario.handOver(agent)).toEqual({ result: 'refused', reason: 'no-agent', errcode })
    expect(await scenario.accountState()).toMatchObject({ state: 'active' })
  })

  it('is refused, and stops nothing, when the account may not use the interface', async () => {
    const scenario = await harness.scenario()
    scenario.fault({ api: CREATE, errcode: 48001 })
    expect(await scenario.handOver(AGENT)).toMatchObject({ result: 'refused', errcode: 48001 })
    expect(await scenario.accountState()).toMatchObject({ state: 'active' })
  })

  it('is repeated while WeChat is busy, for about half a minute', async () => {
    const scenario = await harness.scenario()
    scenario.fault({ api: CREATE, errcode: -1, times: 2 })
    expect(await failureOf(scenario.handOver(AGENT))).toMatchObject({ type: 'WechatFailed', delayMs: 1_000 })
    expect(await scenario.handOver(AGENT, { attempt: 6 })).toEqual({
      result: 'refused',
      reason: 'handover-failed',
      errcode: -1,
    })
  })
})

async function scenarioWith(prepare: (scenario: SendScenario) => void): Promise<SendScenario> {
  const scenario = await harness.scenario()
  prepare(scenario)
  return scenario
}

function takenByAnother({ appId, openId }: SendScenario): void {
  harness.simulator.wechat.follower({ appId, openId }).agent = { account: 'other@agent', since: 0 }
}
