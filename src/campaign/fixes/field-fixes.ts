import { isRecord } from '../../shared/is-record.ts'
import { listOf, textOf, valueAt } from '../editing/campaign-items.ts'
import { type Fix, type FixContext, type FixRule, fix } from './fix.ts'
import { understoodDuration, understoodTime } from './written-duration.ts'

/** Fixes of messages about single fields. */

const set = (name: Fix['name'], path: FixContext['path'], value: unknown, values: string[] = []) => [
  fix(name, values, { do: 'set', path, value }),
]
const clear = (path: FixContext['path'], field = textOf(path.at(-1))) => [
  fix('remove-field', [field], { do: 'clear', path }),
]
const sibling = (path: FixContext['path'], name: string) => [...path.slice(0, -1), name]

/** A value that stands for what was written. */
const value = ({ path }: FixContext, meant: string | null) =>
  meant === null ? [] : set('value', path, meant, [meant])

function understood(context: FixContext, read: (given: string) => string | null): readonly Fix[] {
  const given = textOf(valueAt(context.fields, context.path))
  return value(context, read(given))
}

/** Shares that add up to 100, in their proportions. */
function scaleShares({ fields, path }: FixContext): readonly Fix[] {
  const list = path.slice(0, -2)
  const shares = listOf(valueAt(fields, list)).map((branch) =>
    isRecord(branch) && typeof branch.share === 'number' ? branch.share : 0,
  )
  const sum = shares.reduce((total, share) => total + share, 0)
  const scaled = shares.map((share) => Math.max(1, Math.floor((share * 100) / sum)))
  // What rounding leaves goes to the first branch, up to the whole.
  const left = 100 - scaled.reduce((total, share) => total + share, 0)
  if (sum <= 100 || left < 0) return []
  const edits = scaled.map((share, i) => ({
    do: 'set' as const,
    path: [...list, i, 'share'],
    value: i === 0 ? share + left : share,
  }))
  return [fix('scale-shares', [], ...edits)]
}

/** Tags that a step both gives and takes. */
function untagOnce({ fields, path }: FixContext): readonly Fix[] {
  const given = new Set(listOf(valueAt(fields, sibling(path, 'tag'))).map(textOf))
  const taken = listOf(valueAt(fields, path)).map(textOf)
  const left = taken.filter((tag) => !given.has(tag))
  const both = taken.filter((tag) => given.has(tag)).join('、')
  return [fix('untag', [both], left.length > 0 ? { do: 'set', path, value: left } : { do: 'clear', path })]
}

function removeAccount({ fields, path }: FixContext): readonly Fix[] {
  const accounts = listOf(valueAt(fields, path.slice(0, -1)))
  const account = textOf(accounts[Number(path.at(-1))])
  return accounts.length > 1 ? [fix('remove-account', [account], { do: 'remove', path })] : []
}

/** A word that both opts out and brings back. */
function resumeOnce(context: FixContext): readonly Fix[] {
  const word = textOf(valueAt(context.fields, context.path))
  const list = listOf(valueAt(context.fields, context.path.slice(0, -1)))
  if (list.length < 2) return set('resume', context.path, 'KQ', ['KQ'])
  return [fix('remove-word', ['', word], { do: 'remove', path: context.path })]
}

/** Limits of durations, and a duration inside them. */
const LIMITS: readonly (readonly [field: string, message: RegExp, meant: string])[] = [
  ['window', /^must be 1m to 48h$/, '48h'],
  ['within', /^must be 1m to 30d$/, '30d'],
  ['typing', /^must be 1s to 5s$/, '3s'],
  ['spread', /^must be at most 1h$/, '1h'],
  ['before', /^must be 10m to 24h$/, '2h'],
  ['wait', /^must be at least 1s$/, '1h'],
]

export const FIELD_FIXES: readonly FixRule[] = [
  ...LIMITS.map(
    ([field, message, meant]): FixRule => [
      message,
      (context) => (context.path.at(-1) === field ? value(context, meant) : []),
    ],
  ),
  [/ is not a duration: /, (context) => understood(context, understoodDuration)],
  [/ is no time: /, (context) => understood(context, understoodTime)],
  [/^unknown field "(.+)"$/, ({ path }, field = '') => clear(path, field)],
  [/^the shares add up to /, scaleShares],
  [/^a fork with on needs wait: /, ({ path }) => set('wait', path, '24h', ['24h'])],
  [/^(\w+) belongs to branches with (?:on|when): /, ({ path }, field = '') => clear(path, field)],
  [/^give after or day, not both: /, ({ path }) => clear(sibling(path, 'after'), 'after')],
  [/^give before or (\w+), not both$/, ({ path }, field = '') => clear(sibling(path, field), field)],
  [/^days? needs at\b/, ({ path }) => set('at', sibling(path, 'at'), '09:00', ['09:00'])],
  [/^before needs since: /, ({ path }) => clear(path, 'before')],
  [/^typing needs send: /, ({ path }) => clear(path, 'typing')],
  [/^has a tag that is also in tag: /, untagOnce],
  [
    /^from and to are the same: /,
    ({ path }) => set('quiet', path, { from: '22:00', to: '08:00' }, ['22:00', '08:00']),
  ],
  [/^is missing: steps need an entry$/, () => set('entry', ['entry'], { event: 'subscribe' })],
  [/^is for the event that begins a run, /, ({ path }) => [fix('remove-reply', [], { do: 'clear', path })]],
  [/has no callback to answer$/, ({ path }) => [fix('remove-reply', [], { do: 'clear', path })]],
  [/^resumeReply needs resume: /, () => set('resume', ['exit', 'resume'], ['KQ'], ['KQ'])],
  [/^stands in keywords too: /, resumeOnce],
  [
    /^contains .+ also fits /,
    ({ path }) => [fix('exact', [], { do: 'clear', path: [...path.slice(0, -2), 'match'] })],
  ],
  [/^beside is not supported/, ({ path }) => set('value', path, 'replace', ['replace'])],
  [/^account \S+ is not registered yet: /, removeAccount],
]
