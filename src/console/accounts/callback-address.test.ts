import { describe, expect, it } from 'vitest'
import { callbackAddress } from './callback-address.ts'

describe('the address that is entered at WeChat', () => {
  it.each([
    ['https://nurture.example.com', null],
    ['http://nurture.example.com', null],
    ['https://nurture.example.com:8443', 'port'],
    ['http://127.0.0.1:3000', 'private'],
    ['http://localhost:3000', 'private'],
    ['http://192.168.1.7', 'private'],
    ['http://[::1]:3000', 'private'],
    ['http://nurture', 'private'],
    ['https://example.com/below', null],
  ])('%s: %s', (origin, problem) =>
    expect(callbackAddress(origin, 'wx1')).toEqual({ url: `${origin}/wechat/wx1`, problem }),
  )
})
