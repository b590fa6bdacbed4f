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
const platforms: FakePlatform[] = []
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'simulator-test-'))
})
afterEach(async () => {
  for (const platform of platforms.splice(0)) await platform.close()
  rmSync(dir, { recursive: true })
})

/** A simulator with this state file. It is not closed before the next one starts, as if the process had been killed. */
async function startSimulator(statePath = join(dir, 'state.json')): Promise<FakePlatform> {
  const platform = await startFakePlatform({}, 5_000, statePath)
  platforms.push(platform)
  return platform
}

describe('a platform after a restart of the simulator', () => {
  it('has the same ticket, tokens and authorisations', async () => {
    const before = await startSimulator()
    const { token, accessToken, refreshToken } = await before.authorised()
    const ticket = before.component.pushedTickets.at(-1)?.ticket
    const preAuthCode = await before.preAuthCode(token)

    const after = await startSimulator()
    expect((await after.requestToken(ticket)).errcode).toBeUndefined()
    expect(await after.refresh(token, refreshToken)).toMatchObject({
      authorizer_refresh_token: refreshToken,
    })
    await after.wechat.follow('oKnown')
    expect(after.product.received.at(-1)).toMatchObject({ path: `/wechat/${ACCOUNT}`, trailingId: COMPONENT })
    expect((await after.send(accessToken, 'oKnown')).errcode).toBe(0)
    expect(await after.component.authorise(preAuthCode, ACCOUNT)).toMatchObject({ push: null })
  })

  it('refuses accounts that have withdrawn', async () => {
    const before = await startSimulator()
    const { token, accessToken, refreshToken } = await before.authorised()
    await before.component.revoke(ACCOUNT)

    const after = await startSimulator()
    expect((await after.refresh(token, refreshToken)).errcode).toBe(61003)
    expect((await after.send(accessToken, 'oKnown')).errcode).toBe(61003)
  })

  it('keeps its data over a start without it', async () => {
    const { token, refreshToken } = await (await startSimulator()).authorised()
    const without = await startSimulator()
    without.simulator.wechat.components.clear()
    without.simulator.wechat.accounts.clear()
    without.simulator.wechat.save()
    const after = await startSimulator()
    expect((await after.refresh(token, refreshToken)).errcode).toBeUndefined()
  })

  it('keeps its data when the same process adds it again', async () => {
    const platform = await startSimulator()
    const { token, refreshToken } = await platform.authorised()
    platform.simulator.addComponent({
      ...platform.simulator.wechat.components.get(COMPONENT)?.options,
    } as never)
    expect((await platform.refresh(token, refreshToken)).errcode).toBeUndefined()
  })
})
