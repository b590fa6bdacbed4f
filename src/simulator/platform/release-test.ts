import { randomBytes } from 'node:crypto'
import { type FollowerAction, followerActions } from '../callbacks/follower-actions.ts'
import type { PushResult } from '../callbacks/push.ts'
import type { SimulatedWechat } from '../simulated-wechat.ts'
import type { FollowerKey } from '../state/simulator-state.ts'
import type { ComponentPush } from './component-push.ts'
import { ALL_FUNCS, type ComponentState } from './component-state.ts'

export type ReleaseTestGroup = 1 | 2 | 3 | 4 | 5
export interface ReleaseTestReport {
  passed: boolean
  failures: string[]
}

/** WeChat's test accounts, by group; 2 to 5 since 2021-01-18. Source: 全网发布接入检测说明. */
export const RELEASE_TEST_ACCOUNTS: Record<ReleaseTestGroup, { appId: string; originalId: string }> = {
  1: { appId: 'wx570bc396a51b8ff8', originalId: 'gh_3c884a361561' },
  2: { appId: 'wx9252c5e0bb1836fc', originalId: 'gh_c0f28a78b318' },
  3: { appId: 'wx8e1097c5bc82cde9', originalId: 'gh_3f222ed8d140' },
  4: { appId: 'wx14550af28c71a144', originalId: 'gh_26128078e9ab' },
  5: { appId: 'wxa35b9c23cfe664eb', originalId: 'gh_2b3713f184a6' },
}

const LOCATION_EVENT = {
  MsgType: 'event',
  Event: 'LOCATION',
  Latitude: '23.1',
  Longitude: '113.3',
  Precision: '40',
}

/** The accounts of a simulated WeChat without WeChat's own test accounts. */
export const ownAccounts = <A extends { appId: string }>(wechat: { accounts: ReadonlyMap<string, A> }): A[] =>
  [...wechat.accounts.values()].filter(({ appId }) => !isReleaseTestAccount(appId))

/** Whether this is one of WeChat's own test accounts. */
export function isReleaseTestAccount(appId: string): boolean {
  return Object.values(RELEASE_TEST_ACCOUNTS).some((a) => a.appId === appId)
}

/**
 * Simulates the tester of 全网发布: a ticket, a text, a code to send with, an event. WeChat authorises its test account
 * without a page. The authorisation ends with the test.
 * Source: https://developers.weixin.qq.com/doc/oplatform/Third-party_Platforms/2.0/operation/thirdparty/releases_instructions
 * @param ticket the ticket push that the test begins with
 */
export async function runReleaseTest(
  wechat: SimulatedWechat,
  component: ComponentState,
  group: ReleaseTestGroup,
  ticket: ComponentPush,
): Promise<ReleaseTestReport> {
  const { appId, originalId } = RELEASE_TEST_ACCOUNTS[group]
  const { token, callbackUrl } = component.options
  wechat.addAccount({
    appId,
    originalId,
    appSecret: randomBytes(16).toString('hex'),
    token,
    mode: 'plain',
    callbackUrl,
    name: `全网发布检测 ${group}`,
  })
  component.authorise(appId, ALL_FUNCS, '', wechat.now())
  try {
    return await new ReleaseTest(wechat, component, appId).run(ticket)
  } finally {
    component.revoke(appId)
  }
}

/** One run of the test by one tester, with the failures so far. */
class ReleaseTest {
  readonly #wechat: SimulatedWechat
  readonly #component: ComponentState
  readonly #tester: FollowerKey
  readonly #failures: string[] = []

  constructor(wechat: SimulatedWechat, component: ComponentState, appId: string) {
    this.#wechat = wechat
    this.#component = component
    this.#tester = { appId, openId: `oTest${randomBytes(11).toString('base64url')}` }
  }

  async run(ticket: ComponentPush): Promise<ReleaseTestReport> {
    // The tester follows the account already.
    this.#wechat.follower(this.#tester).following = true
    this.#expect(ticket.ok, `ticket: the answer must be success, was ${describeAnswer(ticket)}`)
    await this.#expectReply(
      'TESTCOMPONENT_MSG_TYPE_TEXT',
      followerActions.type('TESTCOMPONENT_MSG_TYPE_TEXT'),
      '_callback',
    )
    await this.#expectSendByCode()
    await this.#expectReply('LOCATION', followerActions.raw(LOCATION_EVENT), 'from_callback')
    return { passed: this.#failures.length === 0, failures: this.#failures }
  }

  #expect(holds: boolean, failure: string): void {
    if (!holds) this.#failures.push(failure)
  }

  /** Sends a callback that must be answered at the first attempt, with a text. */
  async #expectReply(name: string, action: FollowerAction, ending: string): Promise<void> {
    const result = await this.#wechat.act(this.#tester, action)
    const reply = result.passiveReply
    const content = reply?.msgType === 'text' ? reply.fields.Content : null
    this.#expect(
      content === name + ending && result.attempts === 1,
      `${name}: the passive reply must be ${name}${ending}, was ${typeof content === 'string' ? content : describeAnswer(result)}`,
    )
  }

  /** Sends a code that must be exchanged; its token must then be used for `custom/send`. */
  async #expectSendByCode(): Promise<void> {
    const { appId } = this.#tester
    const code = this.#component.newCode(appId, this.#wechat.now())
    const received = this.#waitForMessage(`${code}_from_api`)
    const result = await this.#wechat.act(this.#tester, followerActions.type(`QUERY_AUTH_CODE:${code}`))
    this.#expect(
      result.ok && result.body === '' && result.attempts === 1,
      `QUERY_AUTH_CODE: the answer must be an empty string, was ${describeAnswer(result)}`,
    )
    this.#expect(await received, 'QUERY_AUTH_CODE: no custom/send of <code>_from_api came in time')
    const accessToken = this.#component.tokenOfCode(code)
    this.#expect(accessToken !== null, 'QUERY_AUTH_CODE: the code was not exchanged by api_query_auth')
    const used = this.#component.authorisations.get(appId)?.sendTokens ?? []
    this.#expect(
      accessToken === null || used.includes(accessToken),
      'QUERY_AUTH_CODE: custom/send did not use the token of that code',
    )
  }

  /** Resolves to true when the tester's phone has received this text by `custom/send`; false at the time-out. */
  #waitForMessage(content: string): Promise<boolean> {
    const { appId, openId } = this.#tester
    const hasArrived = () =>
      this.#wechat
        .follower(this.#tester)
        .messages.some((m) => m.via === 'custom' && m.kind === 'text' && m.content.content === content)
    return new Promise((resolve) => {
      const finish = (arrived: boolean) => {
        clearTimeout(timer)
        stop()
        resolve(arrived)
      }
      const timer = setTimeout(() => finish(false), 2 * this.#wechat.answerTimeoutMs)
      const stop = this.#wechat.listen((changed) => {
        if (changed.appId === appId && changed.openId === openId && hasArrived()) finish(true)
      })
    })
  }
}

function describeAnswer(result: Pick<PushResult, 'status' | 'body'>): string {
  return `${result.status ?? 'no answer'} ${JSON.stringify([...result.body].slice(0, 200).join(''))}`
}
