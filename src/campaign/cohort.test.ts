import { expect, it } from 'vitest'
import { cohortOf } from './cohort.ts'
import { type Campaign, campaignSchema } from './model.ts'

const campaign = campaignSchema.parse({
  id: 'expo',
  name: 'expo',
  entry: [
    { event: 'subscribe', qrScenes: ['expo-vip', 'expo-*'] },
    { event: 'scan', qrScenes: ['exp*'] },
  ],
  steps: [{ id: 'hi', send: { text: 'hi' } }],
}) as Campaign
const entry = (iso: string, qrScene: string | null = null) => ({ at: Date.parse(iso), qrScene })

it.each([
  ['Asia/Shanghai', '2026-11-29T15:59:59Z', '2026-11-29'],
  ['Asia/Shanghai', '2026-11-29T16:00:00Z', '2026-11-30'],
  ['America/New_York', '2026-11-01T04:30:00Z', '2026-11-01'],
  ['America/New_York', '2026-11-02T04:30:00Z', '2026-11-01'],
])('the day of an entry is that of the account: %s at %s', (timezone, at, day) => {
  expect(cohortOf(campaign, timezone, entry(at)).day).toBe(day)
})

it.each([
  ['expo-vip', 'expo-vip'],
  ['expo-a1', 'expo-*'],
  ['exposition', 'exp*'],
  ['other', null],
  [null, null],
])('the scene %s belongs to the first pattern of the file that fits', (scene, pattern) => {
  expect(cohortOf(campaign, 'Asia/Shanghai', entry('2026-11-29T00:00:00Z', scene)).scene).toBe(pattern)
})
