import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { checkCampaign } from '../../src/campaign/check.ts'
import { saveMedium } from '../../src/store/campaigns/media-store.ts'
import { mediaUploads } from '../../src/store/schema.ts'
import { failureOf, type SendHarness, type SendScenario, startSendHarness } from '../harness/send-harness.ts'
import { waitFor } from '../harness/wait-for.ts'

let harness: SendHarness
beforeAll(async () => {
  harness = await startSendHarness()
})
afterAll(() => harness?.close())

const JPEG = 'ffd8ffe000104a46494600010100000100010000'
async function mediumOf(content: Buffer, filename: string, type: 'image' | 'thumb' = 'image') {
  const medium = { type, contentType: 'image/png', filename, content, createdAt: Date.now() }
  return (await saveMedium(harness.services.db, medium)).id
}
const jpeg = () => Buffer.concat([Buffer.from(JPEG, 'hex'), Buffer.from(crypto.randomUUID())])
async function imageScenario(content = jpeg(), filename = '照片'): Promise<SendScenario> {
  const id = await mediumOf(content, filename)
  return harness.scenario({
    steps: `  - { id: pic, after: 0s, since: entry, send: { image: { file: ${id} } } }`,
  })
}
const uploadFault = (scenario: SendScenario, errcode: number) =>
  harness.simulator.fault({ api: 'media/upload', appId: scenario.appId, errcode })

describe('an errcode of an upload', () => {
  it.each([40004, 40005, 40006, 40007, 40009, 40113, 41005, 45001, 45007, 49999])(
    '%i: the step is skipped with the code',
    async (errcode) => {
      const scenario = await imageScenario()
      uploadFault(scenario, errcode)
      expect(await scenario.prepareMedia()).toMatchObject({
        result: 'refused',
        errcode,
        reason: expect.stringMatching(/^medium-refused: image sha256-/),
      })
      expect(await scenario.step()).toMatchObject({ state: 'skipped', errcode })
      expect(await scenario.accountState()).toMatchObject({ state: 'active' })
    },
  )

  it.each([
    [48001, 'blocked'],
    [48004, 'blocked'],
    [45009, 'quota-exhausted'],
    [40164, 'paused'],
    [61003, 'needs-authorisation'],
  ])('%i: the account is %s, and the step waits for it', async (errcode, state) => {
    const scenario = await imageScenario()
    uploadFault(scenario, errcode)
    expect(await failureOf(scenario.prepareMedia())).toMatchObject({
      type: 'AccountStopped',
      delayMs: 60_000,
    })
    const account = await scenario.accountState()
    expect(account).toMatchObject({ state, reason: expect.stringMatching(new RegExp(`^${errcode} `)) })
    expect(account?.until === null).toBe(errcode !== 45009)
  })

  it('45011: the step waits for the next minute', async () => {
    const scenario = await imageScenario()
    uploadFault(scenario, 45011)
    const failure = await failureOf(scenario.prepareMedia())
    expect(failure.type).toBe('RateLimited')
    expect(failure.delayMs).toBeLessThanOrEqual(65_000)
    expect(await scenario.accountState()).toMatchObject({ state: 'active' })
  })
})

describe('a file', () => {
  it.each(['照片', 'noextension', 'film.mp4', 'a.png', ''])(
    'named "%s" is uploaded with a name that matches its type',
    async (filename) => {
      const scenario = await imageScenario(jpeg(), filename)
      expect(await scenario.prepareMedia()).toBeNull()
      expect(await scenario.send()).toMatchObject({ result: 'sent' })
    },
  )

  it('of a type that WeChat does not accept ends its step without a request', async () => {
    const scenario = await imageScenario(Buffer.from(`RIFF0000WEBP${crypto.randomUUID()}`), 'a.png')
    expect(await scenario.prepareMedia()).toMatchObject({
      result: 'refused',
      reason: expect.stringMatching(/^medium-unusable: /),
    })
    expect(
      harness.simulator.wechat.account(scenario.appId).calls.get('/cgi-bin/media/upload'),
    ).toBeUndefined()
  })

  it('that is a thumb is uploaded, and its message is sent', async () => {
    const thumb = await mediumOf(jpeg(), '封面', 'thumb')
    const scenario = await harness.scenario({
      steps: `  - { id: song, after: 0s, since: entry, send: { music: { title: 歌, description: 歌, url: 'https://example.com/a', thumb: ${thumb} } } }`,
    })
    expect(await scenario.prepareMedia()).toBeNull()
    expect(await scenario.send()).toMatchObject({ result: 'sent' })
  })
})

describe('an account whose AppSecret is wrong', () => {
  it.each(['an upload', 'a send'])(
    'is blocked with the reason by %s, and goes on with the right one',
    async (by) => {
      const scenario = by === 'an upload' ? await imageScenario() : await harness.scenario()
      const attempt = () => (by === 'an upload' ? scenario.prepareMedia() : scenario.send())
      harness.simulator.fault({ api: 'stable_token', appId: scenario.appId, errcode: 40001, times: 5 })
      expect(await failureOf(attempt())).toMatchObject({ type: 'AccountStopped' })
      const blocked = { state: 'blocked', reason: '40001 wrong AppSecret', until: null }
      expect(await scenario.accountState()).toEqual(blocked)
      // The next attempt is not due yet.
      await harness.services.tokens.getToken(scenario.appId)
      expect(await scenario.accountState()).toEqual(blocked)
      harness.simulator.wechat.faults.clear()
      harness.advanceClock(1_500)
      expect(await harness.services.tokens.getToken(scenario.appId)).toMatchObject({ ok: true })
      expect(await scenario.accountState()).toMatchObject({ state: 'active', reason: null })
      await attempt()
      expect(await scenario.send()).toMatchObject({ result: 'sent' })
    },
  )
})

describe('the media of a reply', () => {
  it('are uploaded to the accounts of the campaign only; a failure at one account does not affect another', async () => {
    const [listed, failing, unlisted] = [
      await harness.scenario(),
      await harness.scenario(),
      await harness.scenario(),
    ]
    const ids = [await mediumOf(jpeg(), 'a'), await mediumOf(jpeg(), 'b')]
    uploadFault(failing, 48001)
    uploadFault(listed, 45001)
    for (const id of ids) {
      const yaml = `{ id: r-${id.slice(-8)}, name: r, accounts: [${failing.appId}, ${listed.appId}], entry: { event: subscribe }, reply: { image: { file: ${id} } }, steps: [{ id: a, after: 10s, send: { text: a } }] }`
      const { campaign, issues } = checkCampaign(yaml)
      if (!campaign) throw new Error(JSON.stringify(issues))
      await harness.services.campaigns.publish(yaml, campaign, [])
    }
    await harness.services.reloadConfig()
    const uploaded = async () => {
      const rows = await harness.services.db.select().from(mediaUploads)
      return rows.filter((r) => ids.includes(r.mediaId)).map((r) => r.appId)
    }
    await waitFor(async () => (await uploaded()).length > 0)
    await waitFor(async () => (await failing.accountState())?.state === 'blocked')
    expect(await uploaded()).toEqual([listed.appId])
    expect(
      harness.simulator.wechat.account(unlisted.appId).calls.get('/cgi-bin/media/upload'),
    ).toBeUndefined()
  })
})
