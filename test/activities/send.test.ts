import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { failureOf, openSendDesk, type SendDesk } from './send-desk.ts'

let desk: SendDesk
beforeAll(async () => {
  desk = await openSendDesk()
})
afterAll(() => desk?.close())

describe('a step that WeChat takes', () => {
  it('is sent once, and row, snapshot and metrics say so', async () => {
    const story = await desk.story()
    const before = await counted('sent', '0')
    const result = await story.send()
    expect(result).toMatchObject({ result: 'sent', unclear: 0 })
    expect(story.received()).toEqual([{ content: '你好' }])
    expect(story.verdicts()).toEqual([0])
    expect(await story.row()).toMatchObject({
      state: 'sent',
      attempts: 1,
      unclear: 0,
      sentAt: result.at,
      reason: null,
    })
    expect(await story.step()).toMatchObject({ state: 'sent', sentAt: result.at })
    expect((await story.run()).state.ledger).toMatchObject([{ scene: 'message', used: 1 }])
    expect(await counted('sent', '0')).toBe(before + 1)
  })
})

async function counted(result: string, errcode: string): Promise<number> {
  const { values } = await desk.product.metrics.sends.get()
  return values.find((v) => v.labels.result === result && v.labels.errcode === errcode)?.value ?? 0
}
