import { describe, expect, it } from 'vitest'
import { PEERS, type PeerResult } from './index.ts'
import { OPERATOR_FACTS } from './operator-facts.ts'
import type { StoryFigures } from './story.ts'
import { peerTables } from './tables.ts'

const clean = { expected: 50, missing: 0, twice: 0, cancelledButSent: 0 }
const round = (acceptedPerS: number): StoryFigures => ({
  acceptedPerS,
  waiting: 2_000,
  memoryEach: 1_234,
  diskEach: null,
  cancel: null,
  lateness: { p50: 5.04, p99: 12 },
  quiet: { ...clean, missing: 1 },
  killed: { ...clean, expected: 100, missing: 4, twice: 3 },
  disconnected: null,
})
const rabbit: PeerResult = {
  name: 'rabbitmq',
  rounds: [round(900), round(1_000), round(1_300)],
  missing: null,
  failures: [],
}

/** The cells of a design's rows, one row of each table. */
const rowsOf = (text: string, title: string) =>
  text
    .split('\n')
    .filter((line) => line.startsWith(`| ${title} `))
    .map((line) =>
      line
        .split('|')
        .map((cell) => cell.trim())
        .slice(2, -1),
    )

describe('the tables of the designs', () => {
  const [speed, space, faults] = rowsOf(peerTables([rabbit]), 'RabbitMQ, TTL and dead letters')

  it('show the median with the smallest and the greatest round, and one value where all agree', () => {
    expect(speed).toEqual(['3', '1,000 (900 to 1,300)', '5', '12', 'not possible', 'not possible'])
    expect(space).toEqual(['2,000', '1.2', 'none'])
  })

  it('show the losses of each fault, and the totals without a fault', () => {
    expect(faults).toEqual(['100', '4', '3', 'no store', 'no store', '3, 0, 0'])
  })

  it('name what was not measured and rounds that failed, in one line each', () => {
    const text = peerTables([
      { name: 'redis', rounds: [], missing: 'Redis is not installed\nmore', failures: [] },
      { ...rabbit, failures: ['round 2: no answer\nmore'] },
    ])
    expect(text).toContain('Not measured:\n\n- Redis keyspace notifications: Redis is not installed\n')
    expect(text).toMatch(/not in the tables:\n\n- RabbitMQ, TTL and dead letters, round 2: no answer$/)
  })

  it('have facts for operators of every design that could be measured', () => {
    expect(Object.keys(OPERATOR_FACTS).sort()).toEqual(PEERS.filter((name) => name !== 'keydb').sort())
  })
})
