import { describe, expect, it } from 'vitest'
import { SIM_APP, startSimulatorApi } from '../../../../../test/fixtures/simulator-api.ts'

const button = (name: string) => [{ type: 'click', name, key: name }]

async function withMenus() {
  const api = await startSimulatorApi()
  await api.post('cgi-bin/menu/create', { button: button('all') })
  await api.sim.follow('oTest')
  const add = (name: string, matchrule: unknown) =>
    api.post('cgi-bin/menu/addconditional', { button: button(name), matchrule })
  const shown = async () => {
    const { button: matched } = await api.post('cgi-bin/menu/trymatch', { user_id: 'oTest' })
    return (matched as { name: string }[])[0]?.name
  }
  return { ...api, add, shown }
}

describe('conditional menus', () => {
  it('are matched by tag, the newest first, and shown on the phone too', async () => {
    const { add, shown, sim, post, get, simulator } = await withMenus()
    sim.setTags('oTest', ['新粉'])
    expect(await shown()).toBe('all')
    const { menuid } = await add('new', { tag_id: '100' })
    expect(menuid).toEqual(expect.any(Number))
    await add('others', { tag_id: 101 })
    expect(await shown()).toBe('new')
    const newest = await add('android', { client_platform_type: '2' })
    expect(await shown()).toBe('android')
    const phone = await simulator.app.request(`/_sim/${SIM_APP}/oTest/state`)
    expect(await phone.json()).toMatchObject({ account: { menu: [{ name: 'android' }] } })
    expect(await get('cgi-bin/menu/get')).toMatchObject({
      menu: { button: [{ name: 'all' }], menuid: expect.any(Number) },
      conditionalmenu: [
        { menuid: newest.menuid, matchrule: { client_platform_type: '2' }, button: [{ name: 'android' }] },
        { button: [{ name: 'others' }] },
        { menuid },
      ],
    })
    expect(await post('cgi-bin/menu/delconditional', { menuid: String(newest.menuid) })).toMatchObject({
      errcode: 0,
    })
    expect(await shown()).toBe('new')
    await get('cgi-bin/menu/delete')
    expect(await post('cgi-bin/menu/trymatch', { user_id: 'oTest' })).toEqual({ button: [] })
  })

  it('are rejected with WeChat’s codes', async () => {
    const { add, post } = await withMenus()
    expect(await add('a', {})).toMatchObject({ errcode: 65304 })
    expect(await add('a', { tag_id: '' })).toMatchObject({ errcode: 65304 })
    expect(await add('a', { sex: '1' })).toMatchObject({ errcode: 65320 })
    expect(await add('', { tag_id: '2' })).toMatchObject({ errcode: 40018 })
    expect(await post('cgi-bin/menu/delconditional', { menuid: 1 })).toMatchObject({ errcode: 65301 })
    expect(await post('cgi-bin/menu/trymatch', { user_id: 'oUnknown' })).toMatchObject({ errcode: 65302 })
    const bare = await startSimulatorApi()
    const first = { button: button('a'), matchrule: { tag_id: '2' } }
    expect(await bare.post('cgi-bin/menu/addconditional', first)).toMatchObject({ errcode: 65303 })
  })
})
