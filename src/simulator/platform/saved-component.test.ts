import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  ACCOUNT,
  COMPONENT,
  type FakePlatform,
  startFakePlatform,
} from '../../../test/fixtures/fake-platform-server.ts'

let dir: string
const open: FakePlatform[] = []
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'simulator-test-'))
})
afterEach(async () => {
  for (const one of open.splice(0)) await one.close()
  rmSync(dir, { recursive: true })
})

/** A simulator with this state file. None is closed before the next one starts: the process may have been killed. */
async function started(statePath = join(dir, 'state.json')): Promise<FakePlatform> {
  const one = await startFakePlatform({}, 5_000, statePath)
  open.push(one)
  return one
}

describe('a platform of a simulator that was started again', () => {
  it('has its ticket, its tokens and its authorisations, as they were given out', async () => {
    const before = await started()
    const { token, accessToken, refreshToken } = await before.authorised()
    const ticket = before.component.pushedTickets.at(-1)?.ticket
    const preAuthCode = await before.preAuthCode(token)

    const after = await started()
    expect((await after.askToken(ticket)).errcode).toBeUndefined()
    expect(await after.refresh(token, refreshToken)).toMatchObject({
      authorizer_refresh_token: refreshToken,
    })
    await after.wechat.follow('oKnown')
    expect(after.product.received.at(-1)).toMatchObject({ path: `/wechat/${ACCOUNT}`, trailingId: COMPONENT })
    expect((await after.send(accessToken, 'oKnown')).errcode).toBe(0)
    expect(await after.component.authorise(preAuthCode, ACCOUNT)).toMatchObject({ push: null })
  })

  it('knows who has withdrawn', async () => {
    const before = await started()
    const { token, accessToken, refreshToken } = await before.authorised()
    await before.component.revoke(ACCOUNT)

    const after = await started()
    expect((await after.refresh(token, refreshToken)).errcode).toBe(61003)
    expect((await after.send(accessToken, 'oKnown')).errcode).toBe(61003)
  })

  it('keeps what it had while a start was without it', async () => {
    const { token, refreshToken } = await (await started()).authorised()
    const without = await started()
    without.simulator.wechat.components.clear()
    without.simulator.wechat.accounts.clear()
    without.simulator.wechat.save()
    const after = await started()
    expect((await after.refresh(token, refreshToken)).errcode).toBeUndefined()
  })

  it('is the same in the process that adds it again', async () => {
    const at = await started()
    const { token, refreshToken } = await at.authorised()
    at.simulator.addComponent({ ...at.simulator.wechat.components.get(COMPONENT)?.options } as never)
    expect((await at.refresh(token, refreshToken)).errcode).toBeUndefined()
  })
})
