import { describe, expect, it } from 'vitest'
import type { HookSettings } from '../store/hooks/hook-settings.ts'
import { readHookRequest } from './hook-request.ts'

const PLAIN: HookSettings = { accounts: ['wxA'], campaign: null, fields: { openId: 'openId' } }
const MAPPED: HookSettings = {
  accounts: ['wxA', 'wxB'],
  campaign: null,
  fields: {
    appId: 'shop.appid',
    openId: 'buyer.openid',
    campaign: 'event.type',
    id: 'event.no',
    facts: { paid: 'order.paid', amount: 'order.total', visitAt: 'order.visit.time' },
  },
}
const BODY = {
  shop: { appid: 'wxB' },
  buyer: { openid: 'oOne' },
  event: { type: 'thanks', no: 17 },
  order: { paid: true, total: 12.5, visit: null },
}
const pathsOf = (settings: HookSettings, body: unknown) => {
  const read = readHookRequest(settings, body)
  return 'issues' in read ? read.issues.map((i) => i.path) : []
}

describe('a request to a hook', () => {
  it('with the plain fields sets facts', () => {
    expect(readHookRequest(PLAIN, { openId: 'oOne', facts: { paid: true }, more: 1 })).toEqual({
      request: { appId: 'wxA', openId: 'oOne', campaign: null, facts: { paid: true }, id: null },
    })
  })

  it('is read by the paths of the settings; a fact that it lacks stays unchanged', () => {
    expect(readHookRequest(MAPPED, BODY)).toEqual({
      request: {
        appId: 'wxB',
        openId: 'oOne',
        campaign: 'thanks',
        facts: { paid: true, amount: 12.5 },
        id: '17',
      },
    })
  })

  it('starts the fixed campaign of the hook, whatever the body says', () => {
    const read = readHookRequest({ ...PLAIN, campaign: 'thanks' }, { openId: 'oOne', campaign: 'other' })
    expect(read).toMatchObject({ request: { campaign: 'thanks', facts: {} } })
  })

  it.each<[string, HookSettings, unknown, string[]]>([
    ['no object', PLAIN, [], ['']],
    ['null', PLAIN, null, ['']],
    ['no openId', PLAIN, { facts: { a: 1 } }, ['openId']],
    ['an openId that is no text', PLAIN, { openId: 7, facts: { a: 1 } }, ['openId']],
    ['a long openId', PLAIN, { openId: 'o'.repeat(129), facts: { a: 1 } }, ['openId']],
    ['malformed facts', PLAIN, { openId: 'o', facts: { a: null, 'b c': 1 } }, ['facts.a', 'facts.b c']],
    ['facts that are no object', PLAIN, { openId: 'o', facts: 'x' }, ['facts']],
    ['nothing to do', PLAIN, { openId: 'o' }, ['']],
    ['nothing to do', PLAIN, { openId: 'o', facts: {} }, ['']],
    ['another account', MAPPED, { ...BODY, shop: { appid: 'wxC' } }, ['shop.appid']],
    ['an inherited field as the account', MAPPED, { ...BODY, shop: {} }, ['shop.appid']],
    ['a fact that is a list', MAPPED, { ...BODY, order: { paid: [] } }, ['order.paid']],
    ['an id that is no whole number', MAPPED, { ...BODY, event: { type: 'x', no: 1.5 } }, ['event.no']],
    ['no campaign where the body names it', MAPPED, { ...BODY, event: { no: 1 } }, ['event.type']],
    ['everything missing', MAPPED, {}, ['shop.appid', 'buyer.openid', 'event.type', 'event.no']],
  ])('is refused with its fields: %s', (_, settings, body, paths) => {
    expect(pathsOf(settings, body)).toEqual(paths)
  })

  it('reads own fields only', () => {
    const settings = { ...PLAIN, fields: { openId: 'constructor.name' } }
    expect(pathsOf(settings, { facts: { a: 1 } })).toEqual(['constructor.name'])
  })
})
