import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { startSimulatorApi } from '../../../test/fixtures/simulator-api.ts'
import { SimulatorState } from './simulator-state.ts'

describe('the data of the API', () => {
  it('survives a restart, except for files', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sim-'))
    const options = { statePath: join(folder, 'state.json') }
    const first = await startSimulatorApi({}, options)
    await first.sim.follow('oTest')
    await first.post('cgi-bin/user/info/updateremark', { openid: 'oTest', remark: '老客户' })
    await first.post('cgi-bin/tags/members/batchblacklist', { openid_list: ['oTest'] })
    await first.post('customservice/kfaccount/add', { kf_account: 'wang@shop', nickname: '小王' })
    const button = [{ type: 'click', name: 'a', key: 'a' }]
    await first.post('cgi-bin/menu/create', { button })
    await first.post('cgi-bin/menu/addconditional', { button, matchrule: { tag_id: '2' } })
    await first.simulator.close()
    const second = await startSimulatorApi({}, options)
    expect(await second.get('cgi-bin/user/info?openid=oTest')).toMatchObject({ remark: '老客户' })
    expect(await second.post('cgi-bin/tags/members/getblacklist', {})).toMatchObject({ total: 1 })
    expect(await second.get('cgi-bin/menu/get')).toMatchObject({
      conditionalmenu: [{ matchrule: { tag_id: '2' } }],
    })
    expect(second.state.agents.map((a) => a.kfAccount)).toContain('wang@shop')
    rmSync(folder, { recursive: true })
  })
})

it('a state file that cannot be read is put aside with a warning, and not replaced', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sim-'))
  const statePath = join(folder, 'state.json')
  writeFileSync(statePath, '{"wxmine": {"followers": [')
  const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => {})
  const state = new SimulatorState({ statePath })
  state.save()
  expect(state.accounts.size).toBe(0)
  expect(readFileSync(`${statePath}.unreadable`, 'utf8')).toBe('{"wxmine": {"followers": [')
  expect(warn).toHaveBeenCalledWith(expect.stringContaining(`${statePath}.unreadable`))
  warn.mockRestore()
  rmSync(folder, { recursive: true })
})
