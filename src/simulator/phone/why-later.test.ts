import { describe, expect, it } from 'vitest'
import { HAPPENING_TEXTS, PHONE_TEXTS } from './phone-texts.ts'
import { whyLater } from './why-later.ts'

const NOW = 1_000_000
const HOUR = 3_600_000
type Given = Parameters<typeof whyLater>[0]
type View = Given['view']

const grant = (expiresAt: number, used = 0) => ({
  scene: 'message' as const,
  grantedAt: 0,
  expiresAt,
  quota: 5,
  used,
})
const send = (errcode: number | null): View['happenings'][number] => ({
  kind: 'send',
  at: NOW,
  what: 'text',
  errcode,
  unclear: false,
})
const why = (view: Partial<View>, nextAt: number | null = NOW + HOUR, language: 'zh' | 'en' = 'zh') =>
  whyLater(
    {
      view: {
        following: true,
        grants: [grant(NOW + 2 * HOUR)],
        agent: null,
        quota: { daily: 100, used: 0 },
        happenings: [],
        ...view,
      },
      nextAt,
      now: NOW,
    },
    PHONE_TEXTS[language],
    HAPPENING_TEXTS[language],
  )

describe('why a message would not go at the time of the next step', () => {
  it('is nothing while a grant pays', () => {
    expect(why({})).toBeNull()
  })

  it.each<[string, View['grants']]>([
    ['no grant', []],
    ['a grant that is over', [grant(NOW)]],
    ['a grant that is used up', [grant(NOW + HOUR * 48, 5)]],
  ])('with %s is the missing grant', (_, grants) => {
    expect(why({ grants })).toBe('现在没有额度，粉丝再互动后才能发消息。')
    expect(why({ grants }, NOW, 'en')).toMatch(/^There is no grant now/)
  })

  it('is the grant that ends before', () => {
    const grants = [grant(NOW + HOUR), grant(NOW + 2 * HOUR, 5)]
    expect(why({ grants })).toBe('到那时没有额度，粉丝再互动后才能发消息。')
    expect(why({ grants }, NOW + HOUR - 1)).toBeNull()
  })

  it('is the agent who has the session, and the calls of the day', () => {
    expect(why({ agent: 'kf1@test' })).toContain('人工客服接待中')
    expect(why({ quota: { daily: 100, used: 100 } })).toContain('今天的接口额度已用完')
  })

  it('is the last refusal, while the step is tried again', () => {
    expect(why({ happenings: [send(0), send(-1)] }, NOW)).toBe('上一次发送没有成功：微信系统繁忙。')
    expect(why({ happenings: [send(null)] }, NOW, 'en')).toBe(
      'The last request to send failed: Fault: WeChat did not answer.',
    )
    expect(why({ happenings: [send(-1), send(0)] }, NOW)).toBeNull()
    expect(why({ happenings: [send(-1)] })).toBeNull()
  })

  it('is not said where no step is known, and of who does not follow', () => {
    expect(why({ grants: [] }, null)).toBeNull()
    expect(why({ grants: [], following: false })).toBeNull()
  })
})
