import { describe, expect, it } from 'vitest'
import type { Entry } from '../../run/plan.ts'
import { templateVariables } from './variables.ts'

const DAY = 86_400_000
const NEW_YEAR_IN_SHANGHAI = Date.UTC(2025, 11, 31, 16, 0, 5)
const account = { appId: 'wx1', name: '小店', timezone: 'Asia/Shanghai', variables: {} }

const entry: Entry = {
  key: 'k1',
  at: NEW_YEAR_IN_SHANGHAI,
  seq: 1,
  event: 'subscribe',
  qrScene: 'expo-3',
  eventKey: 'qrscene_expo-3',
  text: null,
}

describe('the template variables of a run', () => {
  it('have the account, the entry, the QR code and the reply', () => {
    const reply = { at: NEW_YEAR_IN_SHANGHAI + DAY, text: '你好' }
    expect(templateVariables({ entry, reply }, account, NEW_YEAR_IN_SHANGHAI + 2 * DAY)).toEqual({
      account: { name: '小店', appId: 'wx1' },
      qrScene: 'expo-3',
      entry: { at: '2026-01-01T00:00:05', event: 'subscribe', key: 'qrscene_expo-3' },
      reply: { text: '你好' },
      follower: { tags: '', subscribeScene: '' },
      daysSinceEntry: 2,
      daysSinceReply: 1,
    })
  })

  it("have the account's own variables, which cannot replace name or appId", () => {
    const variables = { city: '上海', name: '别名' }
    const found = templateVariables({ entry, reply: null }, { ...account, variables }, NEW_YEAR_IN_SHANGHAI)
    expect(found.account).toEqual({ city: '上海', name: '小店', appId: 'wx1' })
  })

  it('are empty texts and zeros for missing values', () => {
    const plain = { ...entry, qrScene: null, eventKey: null }
    expect(templateVariables({ entry: plain, reply: null }, account, NEW_YEAR_IN_SHANGHAI)).toMatchObject({
      qrScene: '',
      entry: { key: '' },
      reply: { text: '' },
      daysSinceEntry: 0,
      daysSinceReply: 0,
    })
  })

  it('have no text for a reply that was a picture, but its day', () => {
    const reply = { at: NEW_YEAR_IN_SHANGHAI, text: null }
    expect(templateVariables({ entry, reply }, account, NEW_YEAR_IN_SHANGHAI + DAY)).toMatchObject({
      reply: { text: '' },
      daysSinceReply: 1,
    })
  })

  it.each([
    ['Asia/Shanghai', '2026-01-01T00:00:05'],
    ['UTC', '2025-12-31T16:00:05'],
    ['America/New_York', '2025-12-31T11:00:05'],
    ['Asia/Kolkata', '2025-12-31T21:30:05'],
  ])('have the local time in %s', (timezone, at) => {
    expect(templateVariables({ entry, reply: null }, { ...account, timezone }, 0).entry.at).toBe(at)
  })
})

describe('days since the entry', () => {
  it.each([
    [-5_000, 0],
    [0, 0],
    [DAY - 1, 0],
    [DAY, 1],
    [2 * DAY - 1, 1],
    [30 * DAY, 30],
  ])('%d ms after it: %d', (after, days) => {
    const found = templateVariables({ entry, reply: null }, account, entry.at + after)
    expect(found.daysSinceEntry).toBe(days)
  })
})
