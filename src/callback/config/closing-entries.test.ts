import { expect, it } from 'vitest'
import { campaignSchema } from '../../campaign/model.ts'
import type { Account } from '../../store/accounts/account.ts'
import { readClosingEntries } from './closing-entries.ts'

const HOUR = 3_600_000
const NOW = Date.UTC(2026, 10, 23)

const campaign = (id: string, entry: object, more: object = {}) => ({
  campaign: campaignSchema.parse({
    id,
    name: id,
    entry,
    steps: [{ id: 's', send: { text: 'hi' } }],
    ...more,
  }),
  version: 2,
})
const account = (appId: string, timezone = 'Asia/Shanghai', state = 'active') =>
  ({ appId, timezone, state }) as Account

async function entriesOf(live: ReturnType<typeof campaign>[], accounts: Account[]) {
  let reads = 0
  const list = async () => {
    reads++
    return accounts
  }
  const campaigns = { live: async () => ({ live, broken: [] }) }
  return { entries: await readClosingEntries({ campaigns, accounts: { list } }, NOW), reads: () => reads }
}

const closing = { event: 'window-closing', before: '2h' }

it('are the campaigns with this entry, by priority, for the active accounts that they serve', async () => {
  const live = [
    campaign('a', closing, { accounts: ['wx1'] }),
    campaign('b', [{ event: 'subscribe' }, { event: 'window-closing', before: '30m' }], { priority: 5 }),
    campaign('c', { event: 'subscribe' }),
  ]
  const { entries } = await entriesOf(live, [
    account('wx1'),
    account('wx2'),
    account('wx3', undefined, 'paused'),
  ])
  expect(entries).toEqual([
    {
      start: { campaign: 'b', version: 2, event: 'window-closing' },
      rule: { beforeMs: HOUR / 2 },
      appIds: ['wx1', 'wx2'],
    },
    {
      start: { campaign: 'a', version: 2, event: 'window-closing' },
      rule: { beforeMs: 2 * HOUR },
      appIds: ['wx1'],
    },
  ])
})

it('have the quiet hours in the time zone of the accounts', async () => {
  const night = campaign('a', closing, { quiet: { from: '22:00', to: '08:00' } })
  const { entries } = await entriesOf(
    [night],
    [account('wx1'), account('wx2', 'Europe/London'), account('wx3')],
  )
  expect(entries.map(({ appIds, rule }) => [appIds, rule.quiet, rule.zone?.[0]?.[1]])).toEqual([
    [['wx1', 'wx3'], { from: 1320, to: 480 }, 8 * HOUR],
    [['wx2'], { from: 1320, to: 480 }, expect.any(Number)],
  ])
})

it("have the account's quiet hours where the campaign names none", async () => {
  const quietHours = { from: '21:00', to: '07:00' }
  const accounts = [account('wx1'), { ...account('wx2'), quietHours }, { ...account('wx3'), quietHours }]
  const [own, none] = [{ quiet: { from: '22:00', to: '08:00' } }, { quiet: 'none' }]
  const live = [campaign('a', closing), campaign('b', closing, own), campaign('c', closing, none)]
  const { entries } = await entriesOf(live, accounts)
  expect(entries.map(({ start, appIds, rule }) => [start.campaign, appIds, rule.quiet])).toEqual([
    ['a', ['wx1'], undefined],
    ['a', ['wx2', 'wx3'], { from: 1260, to: 420 }],
    ['b', ['wx1'], { from: 1320, to: 480 }],
    ['b', ['wx2', 'wx3'], { from: 1320, to: 480 }],
    ['c', ['wx1'], undefined],
    ['c', ['wx2', 'wx3'], undefined],
  ])
})

it('read no accounts while no campaign has this entry', async () => {
  const { entries, reads } = await entriesOf([campaign('c', { event: 'subscribe' })], [account('wx1')])
  expect([entries, reads()]).toEqual([[], 0])
})
