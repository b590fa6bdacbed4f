import { describe, expect, it } from 'vitest'
import type { Inbound } from '../wechat/callback/events.ts'
import { answerReleaseTest, isReleaseTestAccount } from './release-test.ts'

const common = { toUserName: 'gh_3c884a361561', openId: 'oTester', createTime: 1, eventName: '' }
const text = (content: string): Inbound => ({
  ...common,
  kind: 'text',
  msgId: '1',
  content,
  bizmsgmenuid: null,
})

describe('WeChat’s release test of a platform', () => {
  it('has five accounts', () => {
    expect(isReleaseTestAccount('wx570bc396a51b8ff8')).toBe(true)
    expect(isReleaseTestAccount('wxa35b9c23cfe664eb')).toBe(true)
    expect(isReleaseTestAccount('wx0123456789abcdef')).toBe(false)
  })

  it('gets its text back in the passive reply', () => {
    expect(answerReleaseTest(text('TESTCOMPONENT_MSG_TYPE_TEXT'))).toEqual({
      reply: { kind: 'text', content: 'TESTCOMPONENT_MSG_TYPE_TEXT_callback' },
    })
  })

  it('gets an empty answer and a message through the API for its code', () => {
    expect(answerReleaseTest(text('QUERY_AUTH_CODE:queryauthcode@@@x'))).toEqual({
      sendFor: { authCode: 'queryauthcode@@@x', text: 'queryauthcode@@@x_from_api' },
    })
  })

  it('gets the name of an event back, as older versions of the test expect', () => {
    const event: Inbound = { ...common, eventName: 'LOCATION', kind: 'unknown', msgType: 'event' }
    expect(answerReleaseTest(event)).toEqual({ reply: { kind: 'text', content: 'LOCATIONfrom_callback' } })
  })

  it('gets an empty answer for other messages', () => {
    expect(answerReleaseTest(text('hello'))).toBeNull()
  })
})
