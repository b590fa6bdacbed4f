import { describe, expect, it } from 'vitest'
import { startSimulatorApi } from '../../../../../test/fixtures/simulator-api.ts'

describe('callback/check', () => {
  it('answers the requested action', async () => {
    const { post } = await startSimulatorApi({ callbackUrl: 'http://127.0.0.1:9/' })
    const check = (action: string, check_operator = 'DEFAULT') =>
      post('cgi-bin/callback/check', { action, check_operator })
    expect(await check('all')).toEqual({
      dns: [{ ip: '127.0.0.1', real_operator: 'UNICOM' }],
      ping: [
        { ip: '127.0.0.1', from_operator: 'CAP', package_loss: '0%', time: expect.stringMatching(/ms$/) },
      ],
    })
    expect(Object.keys(await check('dns'))).toEqual(['dns'])
    expect(Object.keys(await check('ping', 'UNICOM'))).toEqual(['ping'])
    expect(await check('all', 'UNKNOWN')).toMatchObject({ errcode: 40203 })
    expect(await check('unknown')).toMatchObject({ errcode: 40202 })
    const bare = await startSimulatorApi()
    const body = { action: 'all', check_operator: 'DEFAULT' }
    expect(await bare.post('cgi-bin/callback/check', body)).toMatchObject({ errcode: 40201 })
  })
})

describe('get_current_autoreply_info', () => {
  it('reports that no auto-reply exists', async () => {
    const { get } = await startSimulatorApi({ certified: false })
    expect(await get('cgi-bin/get_current_autoreply_info')).toEqual({
      is_add_friend_reply_open: 0,
      is_autoreply_open: 0,
    })
  })
})
