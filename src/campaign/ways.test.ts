import { describe, expect, it } from 'vitest'
import type { Plan } from '../run/plan.ts'
import { checkCampaign } from './check.ts'
import { compileCampaign } from './compile.ts'
import { type Way, wayPerBranch, waysOf } from './ways.ts'

const branch = (name: string, steps: string) =>
  `{ name: ${name}, on: { keywords: [${name}] }, steps: [${steps}] }`
const fork = (id: string, ...branches: string[]) =>
  `  - { id: ${id}, wait: 1m, branches: [${branches.join(', ')}], else: [] }`
const planOf = (...steps: string[]): Plan => {
  const head = 'id: a\nname: A\nentry: { event: subscribe }\nsteps:'
  const { campaign, issues } = checkCampaign([head, ...steps].join('\n'))
  if (!campaign) throw new Error(JSON.stringify(issues))
  return compileCampaign(campaign, 1)
}
/** The branches that ways take, as `fork branch`. */
const taken = (ways: readonly Way[]) =>
  new Set(ways.flatMap((way) => way.flatMap((took, i) => (took === null ? [] : [`${i} ${took}`]))))

const INNER = fork('inner', branch('x', '{ id: x, send: { text: x } }'), branch('y', 'end')).replace(
  '  - ',
  '',
)
const plan = planOf(
  ...Array.from({ length: 6 }, (_, i) => fork(`f${i}`, branch('1', ''), branch('2', ''), branch('3', ''))),
  fork('outer', branch('in', INNER), branch('out', 'end')),
  '  - { id: last, send: { text: bye } }',
)

describe('with more ways than are asked for', () => {
  it('few are played, which take every branch', () => {
    const ways = waysOf(plan, 10)
    expect(taken(ways)).toEqual(taken(wayPerBranch(plan)))
    // Six forks of four branches and one of three, with one of three inside.
    expect(taken(ways).size).toBe(6 * 4 + 3 + 3)
    expect(ways.length).toBeLessThanOrEqual(8)
  })

  it('all are played when that is asked for', () => {
    const small = planOf(fork('f', branch('1', ''), branch('2', '')), '  - { id: s, send: { text: hi } }')
    expect(waysOf(small)).toEqual([[0], [1], [-1]])
    expect(waysOf(small, 2)).toHaveLength(3)
  })
})
