import { describe, expect, it } from 'vitest'
import { kindOf, MESSAGE_KINDS } from './message-model.ts'
import { campaignSchema } from './model.ts'

const file = (more: Record<string, unknown> = {}) => ({
  id: 'a',
  name: 'A',
  entry: { event: 'subscribe' },
  steps: [{ id: 's', after: '1m', send: { text: 'hi' } }],
  ...more,
})

describe('a campaign file with only the required fields', () => {
  it('gets the defaults of the contract', () => {
    expect(campaignSchema.parse(file())).toEqual({
      id: 'a',
      name: 'A',
      priority: 0,
      entry: { event: 'subscribe' },
      steps: [{ id: 's', after: 60_000, since: 'previous', ifLate: 'hold', send: { text: 'hi' } }],
      spacing: 2_000,
      window: 172_800_000,
      reentry: 'always',
    })
  })

  it('serves every account, when it names none', () => {
    expect(campaignSchema.parse(file()).accounts).toBeUndefined()
  })
})

describe('keywords', () => {
  it('are trimmed, and numbers are read as texts', () => {
    const parsed = campaignSchema.parse(file({ entry: { event: 'message', keywords: [' 课程 ', 1, 2025] } }))
    expect(parsed.entry).toMatchObject({ keywords: ['课程', '1', '2025'] })
  })
})

describe('a step', () => {
  const stepOf = (step: Record<string, unknown>) =>
    campaignSchema.safeParse(file({ steps: [{ id: 's', after: '1m', ...step }] }))

  it.each([
    { tag: ['看过'] },
    { untag: ['潜在'] },
    { send: { text: 'hi' }, tag: ['看过'], untag: ['潜在'], when: { tag: '新粉' } },
    { tag: [2025], when: { qrScene: 'expo-*' } },
    { tag: ['a'], when: { subscribeScene: 'ADD_SCENE_QR_CODE' } },
  ])('may have %j', (step) => expect(stepOf(step).success).toBe(true))

  it('must send a message or change tags', () => {
    expect(stepOf({}).error?.issues).toMatchObject([
      {
        path: ['steps', 0, 'send'],
        message: 'is missing: a step needs send, tag, untag, set, webhook, handover or go',
      },
    ])
  })
})

describe('the kinds of messages', () => {
  it('are the ones of the contract', () => {
    expect([...MESSAGE_KINDS].sort()).toEqual(
      ['text', 'image', 'voice', 'video', 'music', 'news', 'menu', 'miniprogram', 'article', 'card'].sort(),
    )
  })

  it('are known by the field that is set', () => {
    expect(kindOf({ text: '' })).toBe('text')
    expect(kindOf({ as: 'anna@shop', card: { id: 'c' } })).toBe('card')
    expect(kindOf({ image: { mediaId: 'm' } })).toBe('image')
  })
})
