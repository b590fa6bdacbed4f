import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { type AppHarness, startAppHarness } from '../harness/app-harness.ts'
import { waitFor } from '../harness/wait-for.ts'

const APP = 'wxtest0000000001'

let app: AppHarness
beforeAll(async () => {
  app = await startAppHarness({ temporalAddress: inject('temporalAddress') })
  await app.addAccount({ appId: APP })
  await app.publish(`
id: ask
name: 领取资料
entry: { event: subscribe }
steps:
  - { id: hello, send: { text: 回复 1 领取资料 } }
  - id: ask
    wait: 47h
    branches:
      - name: 领取
        on: { keywords: ['1', 资料] }
        steps:
          - { id: gift, send: [{ text: 资料 }, { text: '您回复了{{ answer.text }}' }] }
          - id: who
            branches:
              - { name: vip, when: { tag: 会员 }, steps: [{ id: for-vip, send: { text: 会员 } }] }
            else: [{ id: for-all, send: { text: 新客 } }]
      - { name: 其他, on: { event: message }, steps: [{ id: other, send: { text: 稍后回复您 } }, end] }
  - { id: last, after: 1s, send: { text: 再见 } }
`)
})
afterAll(() => app?.close())

const wechat = () => app.simulator.account(APP)
const texts = (openId: string) =>
  wechat()
    .sends.filter((s) => s.openId === openId && s.delivered)
    .map((s) => (s.body.text as { content: string }).content)

/** A new follower who has been asked, and then answers. The steps of the ended run, with the reasons of skipped ones. */
async function answer(openId: string, text: string): Promise<string[]> {
  await wechat().follow(openId)
  await waitFor(() => texts(openId), { until: (received) => received.length === 1 })
  await wechat().type(openId, text)
  const run = await app.waitForRun(APP, openId, (r) => r.status === 'ended')
  expect(run.outcome).toBe('completed')
  return run.state.steps.map((s) => [s.id, s.state, s.reason ?? ''].join(' ').trim())
}

describe('a fork', () => {
  it.each([
    ['oMember', ['会员'], 'for-vip sent', 'for-all skipped other-branch', '会员'],
    ['oVisitor', [], 'for-vip skipped other-branch', 'for-all sent', '新客'],
  ])('takes the branch of the answer and of the tags: %s', async (openId, tags, vip, all, text) => {
    app.simulator.wechat.follower({ appId: APP, openId }).following = true
    wechat().setTags(openId, tags)
    expect(await answer(openId, '资料')).toEqual([
      'hello sent',
      'gift sent',
      'gift.2 sent',
      vip,
      all,
      'other skipped other-branch',
      'last sent',
    ])
    expect(texts(openId)).toEqual(['回复 1 领取资料', '资料', '您回复了资料', text, '再见'])
  })

  it('ends the run where its branch says so', async () => {
    expect(await answer('oOther', '在吗')).toEqual([
      'hello sent',
      'gift skipped other-branch',
      'gift.2 skipped other-branch',
      'for-vip skipped other-branch',
      'for-all skipped other-branch',
      'other sent',
      'last skipped other-branch',
    ])
    expect(texts('oOther')).toEqual(['回复 1 领取资料', '稍后回复您'])
  })
})
