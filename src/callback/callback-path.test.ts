import { describe, expect, it } from 'vitest'
import { callbackPath } from './callback-path.ts'

describe('a path below /wechat', () => {
  it.each([
    ['/wechat/wx1', '/wechat/wx1'],
    ['/wechat/wx1/', '/wechat/wx1'],
    ['/wechat/wx1///', '/wechat/wx1'],
    ['//wechat/wx1', '/wechat/wx1'],
    ['/wechat//wx1', '/wechat/wx1'],
    ['///wechat///wx1///', '/wechat/wx1'],
    ['/wechat', '/wechat'],
    ['/wechat/', '/wechat'],
    ['//wechat//', '/wechat'],
    ['/WeChat/wx1', '/wechat/wx1'],
    ['/WECHAT//', '/wechat'],
    ['/wechat%2Fwx1', '/wechat/wx1'],
    ['/wechat/wx1%2f', '/wechat/wx1'],
    ['/wechat/component//authorize/', '/wechat/component/authorize'],
    [`/wechat/${'/'.repeat(50_000)}`, '/wechat'],
  ])('is normalised: %.40s', (path, normalised) => {
    expect(callbackPath(new Request(`http://host${path}?signature=a//b/`))).toBe(normalised)
  })

  it.each(['/', '//', '/api/accounts/', '//api', '/wechatty//', '/signin/', '/x//wechat/', '/WECHATS//'])(
    'is not %s, which stays unchanged',
    (path) => {
      expect(callbackPath(new Request(`http://host${path}`))).toBe(path)
    },
  )
})
