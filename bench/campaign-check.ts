import { checkCampaign } from '../src/campaign/check.ts'
import { previewWays } from '../src/campaign/full-preview.ts'
import { ENTRY_AT } from '../src/campaign/preview.ts'
import { type Figure, median } from './stats.ts'

const ROUNDS = 15
const FORKS = 10
const WAYS_FORKS = 6

/** A campaign of 50 steps: ten questions with a hint, two answers of which one has two messages, and a step below each. */
function largeFile(quiet: boolean): string {
  const parts = Array.from({ length: FORKS }, (_, i) =>
    `
  - id: ask-${i}
    wait: 4h
    meanwhile:
      - { id: hint-${i}, after: 20s, ifLate: skip, send: { text: 还在吗 } }
    branches:
      - { name: a, on: { keywords: ['1'] }, steps: [{ id: a-${i}, send: { text: 一 } }, { id: b-${i}, after: 5m, send: { text: "{{ account.name }} 二" } }] }
      - { name: b, on: { event: message }, steps: [{ id: c-${i}, send: { text: 三 } }] }
  - { id: d-${i}, after: 10m, send: { text: 四 } }`.slice(1),
  )
  const hours = quiet ? "quiet: { from: '22:00', to: '08:00' }\n" : ''
  return `id: large\nname: large\nentry: { event: message }\n${hours}steps:\n${parts.join('\n')}\n`
}

/** A campaign of 729 ways: six questions with two answers each, or none. */
function fileOfManyWays(): string {
  const branch = (i: number, word: number) =>
    `{ on: { keywords: ['${word}'] }, steps: [{ id: s${word}-${i}, send: { text: 好 } }] }`
  const parts = Array.from({ length: WAYS_FORKS }, (_, i) =>
    [
      `  - { id: ask-${i}, wait: 1h, branches: [${branch(i, 1)}, ${branch(i, 2)}] }`,
      `  - { id: d-${i}, after: 1m, send: { text: 好 } }`,
    ].join('\n'),
  )
  return `id: ways\nname: ways\nentry: { event: message }\nsteps:\n${parts.join('\n')}\n`
}

/** CPU time of a check and of a preview of all ways, each the median of some rounds after the first. */
export async function measureCampaignCheck(): Promise<Figure[]> {
  const { campaign } = checkCampaign(fileOfManyWays())
  if (!campaign) throw new Error('the file of many ways has errors')
  const count = previewWays(campaign, 'wechat-2023', ENTRY_AT).length
  const ways = medianMs(() => previewWays(campaign, 'wechat-2023', ENTRY_AT))
  const check = (source: string) => medianMs(() => checkCampaign(source))
  return [
    {
      name: 'CPU of a check of 50 steps and 10 forks',
      unit: 'ms',
      value: check(largeFile(false)),
      aim: '≤ 100 ms',
    },
    { name: 'the same with quiet hours', unit: 'ms', value: check(largeFile(true)), aim: '≤ 100 ms' },
    { name: 'CPU of 1,000 ways of a preview', unit: 'ms', value: (ways / count) * 1_000, aim: '≤ 1 s' },
  ]
}

/** CPU time of the process, which depends less on other programs than the time on the clock. */
function medianMs(work: () => unknown): number {
  work()
  const times: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    const before = process.cpuUsage()
    work()
    const { user, system } = process.cpuUsage(before)
    times.push((user + system) / 1_000)
  }
  return median(times)
}
