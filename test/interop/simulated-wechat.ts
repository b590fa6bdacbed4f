import { createSimulator, type SimAccount, type Simulator } from '../../src/simulator/index.ts'

/** Accounts of the simulated WeChat as SDKs are configured for them. */
export const ACCOUNT = {
  appId: 'wxinterop00000001',
  appSecret: 'test-secret-of-the-account',
  token: 'testInteropToken',
  aesKey: 'testInteropAesKey'.repeat(3).slice(0, 43),
}
export const ORIGINAL_ID = 'gh_interop000001'
export const PLATFORM = {
  appId: 'wxinteropplatform',
  appSecret: 'test-secret-of-the-platform',
  token: 'testInteropPlatform',
  aesKey: 'testPlatformAesKey'.repeat(3).slice(0, 43),
}
/** It has authorised the platform. */
export const SHOP = 'wxinteropshop0001'

export const MODES = ['plain', 'compatible', 'security'] as const
export type Mode = (typeof MODES)[number]
export type Format = 'xml' | 'json'

/** The simulated WeChat of one test file, on a port of its own. */
export interface WeChat {
  simulator: Simulator
  account: SimAccount
  url: string
  /** Somebody who follows, and who typed just now: five messages may be sent to them. */
  newFollower(): Promise<string>
  /** From now on callbacks go to this server, in this mode and format. */
  pushTo(server: string, mode: Mode, format?: Format): void
  close(): Promise<void>
}

export async function startSimulatedWeChat(): Promise<WeChat> {
  // No minute of silence: one fault must not hide the others.
  const simulator = createSimulator({ markFail: { failures: 1_000_000, pauseMs: 1 } })
  const { url } = await simulator.listen(0)
  let followers = 0
  const options = (callbackUrl: string | null, mode: Mode, format: Format) => ({
    appId: ACCOUNT.appId,
    appSecret: ACCOUNT.appSecret,
    token: ACCOUNT.token,
    encodingAesKey: ACCOUNT.aesKey,
    originalId: ORIGINAL_ID,
    name: '互通测试',
    mode,
    format,
    callbackUrl,
  })
  simulator.addAccount(options(null, 'plain', 'xml'))
  const account = simulator.account(ACCOUNT.appId)
  return {
    simulator,
    account,
    url,
    async newFollower() {
      followers += 1
      // 28 characters, as WeChat's are.
      const openId = `oInterop${String(followers).padStart(20, '0')}`
      await account.follow(openId)
      await account.type(openId, '你好')
      return openId
    },
    pushTo(server, mode, format = 'xml') {
      simulator.addAccount(options(`${server}/${mode}`, mode, format))
    },
    close: () => simulator.close(),
  }
}
