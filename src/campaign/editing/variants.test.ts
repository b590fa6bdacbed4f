import { expect, it } from 'vitest'
import { parse } from 'yaml'
import { checkCampaign } from '../check.ts'
import { divideStep } from './variants.ts'

const FILE = `id: a
name: A
entry: { event: message }
steps:
  # first
  - { id: hi, send: { text: hi } }
  # the offer
  - id: offer # half price
    after: 1h
    send: { text: 满减 }
  - { id: last, after: 1h, send: { text: bye } }
`

it('divides a step into two variants of half the followers each, and keeps comments', () => {
  const divided = divideStep(FILE, ['steps', 1])
  const { steps } = parse(divided)
  expect(steps.map((s: { id: string }) => s.id)).toEqual(['hi', 'split', 'last'])
  expect(steps[1].branches).toEqual([
    { name: 'A', share: 50, steps: [{ id: 'offer', after: '1h', send: { text: '满减' } }] },
    { name: 'B', share: 50, steps: [{ id: 'offer-2', after: '1h', send: { text: '满减' } }] },
  ])
  expect(divided).toContain('# half price')
  expect(checkCampaign(divided).issues).toEqual([])
})
it('divides a step in a branch, and one on a line', () => {
  const once = divideStep(FILE, ['steps', 0])
  const twice = divideStep(once, ['steps', 0, 'branches', 1, 'steps', 0])
  expect(checkCampaign(twice).issues).toEqual([])
  expect(parse(twice).steps[0].branches[1].steps[0].branches[0].steps[0].id).toBe('hi-2')
})
