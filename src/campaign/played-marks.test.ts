import { expect, it } from 'vitest'
import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../shared/time-units.ts'
import { checkCampaign } from './check.ts'
import { playChosenWay } from './chosen-way.ts'
import { lanesAt, marksBetween } from './played-marks.ts'

const FILE = `id: a
name: A
entry: { event: subscribe }
quiet: { from: "22:00", to: "08:00" }
steps:
  - id: ask
    wait: 24h
    branches: [{ on: { keywords: [x] }, steps: [{ id: one, send: { text: a } }] }]
    else: [end]
  - { id: two, after: 10m, send: [{ text: a }, { text: a }, { text: a }, { text: a }, { text: a }] }
  - { id: three, after: 13h, send: { text: a } }
`
const QUIET = { from: '22:00', to: '08:00' }

function played(replies: 'soon' | 'later') {
  const { campaign } = checkCampaign(FILE)
  const way = campaign && playChosenWay(campaign, 'wechat-2023', { replies, branches: {} })
  if (!way) throw new Error('the file is not played')
  return way
}

it('marks the end of each grant, and each night', () => {
  const way = played('soon')
  expect(marksBetween(way, QUIET, { afterMs: 0, untilMs: 49 * HOUR_MS })).toEqual([
    { mark: 'grant-end', atMs: MINUTE_MS, scene: 'subscribe' },
    // The simulated follower enters at 10:00.
    { mark: 'quiet', atMs: 12 * HOUR_MS, endMs: 22 * HOUR_MS },
    { mark: 'quiet', atMs: 36 * HOUR_MS, endMs: 46 * HOUR_MS },
    { mark: 'grant-end', atMs: 48 * HOUR_MS + 30 * SECOND_MS, scene: 'message' },
  ])
  expect(marksBetween(way, null, { afterMs: MINUTE_MS, untilMs: 40 * HOUR_MS })).toEqual([])
})
it('has no mark for a grant that a newer one replaces', () => {
  const way = played('soon')
  const [first] = way.grants
  const again = { scene: 'subscribe', atMs: 10 * SECOND_MS, endsAtMs: 70 * SECOND_MS, of: 3 } as const
  const grants = first ? [first, again] : []
  expect(marksBetween({ ...way, grants }, null, { afterMs: 0, untilMs: HOUR_MS })).toEqual([
    { mark: 'grant-end', atMs: 70 * SECOND_MS, scene: 'subscribe' },
  ])
})
it('says which grants there are at a moment, and which are used up', () => {
  const soon = played('soon')
  expect(lanesAt(soon, 0)).toEqual({ short: { scene: 'subscribe', isSpent: false }, message: null })
  expect(lanesAt(soon, 30 * SECOND_MS)).toEqual({
    short: { scene: 'subscribe', isSpent: false },
    message: { isSpent: false },
  })
  expect(lanesAt(soon, 20 * MINUTE_MS)).toEqual({ short: null, message: { isSpent: true } })
  const later = played('later')
  expect(lanesAt(later, 2 * HOUR_MS)).toEqual({ short: null, message: null })
})
