import fc from 'fast-check'
import { compileCampaign } from '../../src/campaign/compile.ts'
import { campaignSchema } from '../../src/campaign/model.ts'
import type { Plan } from '../../src/run/plan.ts'

/**
 * Random campaign files with forks, in the form of a file: they go through the schema and the compiler. Ids are given last, in
 * the order of the file.
 */

export const WORDS = ['1', '2', '3', 'hello 1', '好']
export const MENU_KEYS = ['a', 'b']
export const FACTS = ['paid', 'helpers']
export const LINKS = ['guide']
export const TAGS = ['vip']

type FileMap = Record<string, unknown>

const shortDelay = fc.constantFrom('0s', '0s', '1s', '20s', '57s', '1m', '3m', '10m')
const delay = fc.oneof(shortDelay, fc.constantFrom('1h', '5h', '22h', '30h'))
const clock = fc.constantFrom('00:00', '02:30', '08:30', '12:00', '20:30', '23:59')

const timing: fc.Arbitrary<FileMap> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ after: delay }) },
  { weight: 2, arbitrary: fc.record({ at: clock, day: fc.constantFrom(0, 0, 1, 2, -1) }) },
  { weight: 1, arbitrary: fc.record({ at: clock, after: delay }) },
  { weight: 1, arbitrary: fc.record({ at: clock, days: fc.constantFrom('workdays', ['sun', 'wed']) }) },
)

const condition: fc.Arbitrary<FileMap> = fc.oneof(
  fc.constantFrom<FileMap[]>(
    { replied: true },
    { tag: 'vip' },
    { facts: { paid: true } },
    { facts: { helpers: { atLeast: 2 } } },
    { entry: { event: 'message' } },
    { qrScene: 'expo*' },
    { campaign: { other: 'completed' } },
  ),
  fc.constantFrom<FileMap[]>({ not: { replied: true } }, { not: { tag: 'vip' }, replied: true }),
)

const action: fc.Arbitrary<FileMap> = fc.oneof(
  { weight: 8, arbitrary: fc.constant({ send: { text: 'hi' } }) },
  { weight: 2, arbitrary: fc.constant({ send: [{ text: 'a' }, { text: 'b' }, { text: 'c' }] }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom<FileMap[]>({ tag: ['vip'] }, { set: { paid: true } }, { webhook: 'shop' }),
  },
  { weight: 1, arbitrary: fc.constantFrom<FileMap[]>({ send: { text: 'hi' }, set: { helpers: 3 } }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom<FileMap[]>(
      { handover: 'anna@shop' },
      { webhook: 'shop', handover: 'anna@shop' },
      { send: { text: 'hi' }, typing: '2s', handover: 'anna@shop' },
      { send: { text: 'hi' }, go: 'other' },
      { go: 'other' },
    ),
  },
)

const step: fc.Arbitrary<FileMap> = fc
  .record({
    timing,
    action,
    since: fc.constantFrom(undefined, undefined, undefined, 'entry', 'reply', 'ABOVE', { fact: 'visitAt' }),
    ifLate: fc.constantFrom(undefined, undefined, 'skip'),
    when: fc.oneof(
      { weight: 5, arbitrary: fc.constant(undefined) },
      { weight: 1, arbitrary: condition },
      { weight: 1, arbitrary: fc.constantFrom('replied', 'not-replied') },
    ),
    anytime: fc.constantFrom(undefined, undefined, undefined, true),
  })
  .map(({ timing: time, action: what, ...more }) => ({ id: '', ...defined({ ...time, ...more }), ...what }))

const event: fc.Arbitrary<FileMap> = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...WORDS).map((word) => ({ keywords: [word] })) },
  { weight: 1, arbitrary: fc.constant({ keywords: ['1'], match: 'contains' }) },
  { weight: 2, arbitrary: fc.constant({ event: 'message' }) },
  { weight: 1, arbitrary: fc.constantFrom(...MENU_KEYS).map((key) => ({ keys: [key] })) },
  {
    weight: 1,
    arbitrary: fc.constantFrom<FileMap[]>({ facts: { paid: true } }, { facts: { helpers: { atLeast: 2 } } }),
  },
  { weight: 1, arbitrary: fc.constantFrom<FileMap[]>({ links: ['guide'] }, { tags: ['vip'] }) },
)

const { items } = fc.letrec<{ items: unknown[]; item: unknown; fork: FileMap; branch: unknown[] }>((tie) => ({
  items: fc.array(tie('item'), { minLength: 1, maxLength: 4 }),
  item: fc.oneof({ maxDepth: 3, depthIdentifier: 'items' }, step, tie('fork')),
  branch: fc
    .tuple(fc.array(tie('item'), { maxLength: 3 }), fc.constantFrom(false, false, true))
    .map(([list, ends]) => (ends ? [...list, 'end'] : list)),
  fork: fc.oneof(
    fc
      .record({
        wait: fc.constantFrom('10s', '50s', '10m', '5h', '47h'),
        meanwhile: fc.array(step, { maxLength: 3 }),
        branches: fc.array(fc.tuple(event, tie('branch')), { minLength: 1, maxLength: 3 }),
        otherwise: tie('branch'),
      })
      .map(({ wait, meanwhile, branches, otherwise }) => ({
        id: '',
        wait,
        meanwhile,
        branches: branches.map(([on, steps]) => ({ on, steps })),
        else: otherwise,
      })),
    fc
      .record({
        timing: fc.oneof({ weight: 3, arbitrary: fc.constant({}) }, { weight: 1, arbitrary: timing }),
        branches: fc.array(fc.tuple(condition, tie('branch')), { minLength: 1, maxLength: 3 }),
        otherwise: tie('branch'),
      })
      .map(({ timing: time, branches, otherwise }) => ({
        id: '',
        ...time,
        branches: branches.map(([when, steps]) => ({ when, steps })),
        else: otherwise,
      })),
    fc
      .record({ branches: fc.array(tie('branch'), { minLength: 1, maxLength: 3 }), otherwise: tie('branch') })
      .map(({ branches, otherwise }) => ({
        id: '',
        branches: branches.map((steps) => ({ share: 30, steps })),
        else: otherwise,
      })),
  ),
}))

function defined(map: FileMap): FileMap {
  return Object.fromEntries(Object.entries(map).filter(([, value]) => value !== undefined))
}

/** Gives each step and fork an id, and each reference the id of something above it on its way. */
function withIds(list: readonly unknown[], ids: { next: number }, above: readonly string[]): unknown[] {
  const known = [...above]
  return list.map((item) => {
    if (typeof item !== 'object' || item === null) return item
    const id = `x${ids.next++}`
    const given = item as FileMap
    const since = given.since === 'ABOVE' ? (known[ids.next % (known.length + 1)] ?? 'entry') : given.since
    const inside = [...known, id]
    const fork = defined({
      ...given,
      id,
      since,
      meanwhile: Array.isArray(given.meanwhile) ? withIds(given.meanwhile, ids, inside) : undefined,
      branches: Array.isArray(given.branches)
        ? given.branches.map((branch: FileMap) => ({
            ...branch,
            steps: withIds(branch.steps as unknown[], ids, inside),
          }))
        : undefined,
      else: Array.isArray(given.else) ? withIds(given.else, ids, inside) : undefined,
    })
    known.push(id)
    return fork
  })
}

/** A random campaign file. */
export const forkedFiles: fc.Arbitrary<FileMap> = fc
  .record({
    items,
    quiet: fc.constantFrom(
      undefined,
      undefined,
      { from: '22:00', to: '08:00' },
      { from: '01:00', to: '05:00' },
    ),
    window: fc.constantFrom('48h', '48h', '1h'),
    goal: fc.constantFrom(
      undefined,
      undefined,
      undefined,
      { on: { keywords: ['goal'] } },
      { on: { keywords: ['goal'] }, end: false },
      { on: { facts: { helpers: { atLeast: 50 } } } },
    ),
    spread: fc.constantFrom(undefined, '0s', '10m'),
  })
  .map(({ items: list, ...more }) => ({
    id: 'random',
    name: 'random',
    entry: [{ event: 'subscribe' }, { event: 'message' }],
    exit: { keywords: ['TD'] },
    ...defined(more),
    steps: withIds(list, { next: 0 }, []),
  }))

/** A random campaign, compiled. */
export const forkedPlans: fc.Arbitrary<Plan> = forkedFiles.map((file) =>
  compileCampaign(campaignSchema.parse(file), 1),
)
