import { isRecord } from '../../shared/is-record.ts'
import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../../shared/time-units.ts'
import { LONGEST_WINDOW_MS } from '../../wechat/rules/rules.ts'
import { parseDuration } from '../duration.ts'
import { freeId, listOf, valueAt } from '../editing/campaign-items.ts'
import { type Fix, type FixContext, type FixRule, fix, itemPath } from './fix.ts'
import { readSpan, writtenDuration } from './written-duration.ts'

/** Fixes of messages about grants, windows and quiet hours. */

/**
 * A wait for any message above a step. Who does not answer leaves the campaign: a step without a grant would not reach them either.
 * None above a step for those who have not answered, because others would get it then.
 */
function askBefore({ fields, path, language }: FixContext, wait: string): readonly Fix[] {
  const item = itemPath(path)
  if (!item || item.includes('meanwhile') || followsReply(fields, item) || isForSilent(fields, item))
    return []
  const name = language === 'zh' ? '回复了' : 'replied'
  const value = {
    id: freeId(fields, 'ask'),
    wait,
    branches: [{ name, on: { event: 'message' }, steps: [] }],
    else: ['end'],
  }
  return [fix('ask-before', [], { do: 'insert', list: item.slice(0, -1), index: Number(item.at(-1)), value })]
}

/** Whether a step above waits for the first reply: a wait below it would never begin. */
const followsReply = (fields: FixContext['fields'], item: readonly (string | number)[]) =>
  listOf(valueAt(fields, item.slice(0, -1)))
    .slice(0, Number(item.at(-1)))
    .some((above) => isRecord(above) && above.since === 'reply')

/** Whether a step, or a branch around it, is for followers who have not answered. */
function isForSilent(fields: FixContext['fields'], item: readonly (string | number)[]): boolean {
  // Everything around the item, then the item itself.
  return [...item.keys(), item.length].some((n) => {
    const around = valueAt(fields, item.slice(0, n))
    if (!isRecord(around)) return false
    if (item[n] !== 'else') return asksForSilence(around.when)
    return listOf(around.branches).some((branch) => isRecord(branch) && branch.on !== undefined)
  })
}

function asksForSilence(when: unknown): boolean {
  if (when === 'not-replied') return true
  return isRecord(when) && isRecord(when.not) && when.not.replied === true
}

/** What is left for a step that no reply pays any more: a reply before it, else nothing. */
function askOrRemove(context: FixContext): readonly Fix[] {
  const asked = askBefore(context, '8h')
  const item = itemPath(context.path)
  return asked.length > 0 || !item ? asked : [fix('remove-step', [], { do: 'remove', path: item })]
}

/** A time within the grant of the entry. */
function sooner(context: FixContext, quota: string, lifetime: string): readonly Fix[] {
  const item = itemPath(context.path)
  const index = Number(item?.at(-1))
  const lifetimeMs = readSpan(lifetime)
  if (item?.length !== 2 || lifetimeMs === null || index >= Number(quota)) return []
  const afterMs = Math.min(20 * SECOND_MS * (index + 1), lifetimeMs - 5 * SECOND_MS)
  const after = writtenDuration(afterMs)
  const clock = (['at', 'day', 'days', 'before'] as const).filter(
    (name) => valueAt(context.fields, [...item, name]) !== undefined,
  )
  return [
    fix(
      'sooner',
      [after],
      ...clock.map((name) => ({ do: 'clear' as const, path: [...item, name] })),
      { do: 'set', path: [...item, 'since'], value: 'entry' },
      { do: 'set', path: [...item, 'after'], value: after },
    ),
  ]
}

/** A delay that is inside the window. */
function delay(
  { fields, path }: FixContext,
  planned: string,
  window: string,
  before = '0 s',
): readonly Fix[] {
  const [plannedMs, windowMs, beforeMs] = [readSpan(planned), readSpan(window), readSpan(before)]
  if (plannedMs === null || windowMs === null || beforeMs === null) return []
  const found: Fix[] = []
  const longest = writtenDuration(LONGEST_WINDOW_MS)
  if (plannedMs <= LONGEST_WINDOW_MS && fields.window !== undefined)
    found.push(fix('window', [longest], { do: 'set', path: ['window'], value: longest }))
  const left = roomIn(windowMs) - beforeMs
  if (left < SECOND_MS) return found
  const after = writtenDuration(left)
  return [...found, fix('delay', [after], { do: 'set', path, value: after })]
}
/** A little less than a window, in the unit that people write. */
const roomIn = (ms: number) => (ms > 2 * HOUR_MS ? ms - HOUR_MS : Math.floor(ms * 0.9))

function shorterWait({ path }: FixContext, window: string): readonly Fix[] {
  const windowMs = readSpan(window)
  if (windowMs === null) return []
  const wait = writtenDuration(roomIn(windowMs))
  return [fix('wait', [wait], { do: 'set', path, value: wait })]
}

/** A wait that is over before the window closes. */
function waitInWindow({ fields, path }: FixContext, until: string, window: string): readonly Fix[] {
  const [untilMs, windowMs] = [readSpan(until), readSpan(window)]
  const old = valueAt(fields, [...path, 'wait'])
  const oldMs = typeof old === 'string' ? parseDuration(old) : null
  if (untilMs === null || windowMs === null || oldMs === null) return []
  const left = oldMs - (untilMs - windowMs) - MINUTE_MS
  if (left < MINUTE_MS) return []
  const wait = writtenDuration(left > 2 * HOUR_MS ? left - (left % HOUR_MS) : left)
  return [fix('wait', [wait], { do: 'set', path: [...path, 'wait'], value: wait })]
}

/** A step below the reply that asks moves into the wait for the answer. */
function intoMeanwhile({ fields, path }: FixContext, fork: string): readonly Fix[] {
  const list = path.slice(0, -1)
  const index = Number(path.at(-1))
  const next = valueAt(fields, [...list, index + 1])
  if (!isRecord(next) || next.id !== fork) return []
  const to = [...list, index + 1, 'meanwhile']
  return [fix('meanwhile', [fork], { do: 'move', path, list: to, to: listOf(next.meanwhile).length })]
}

function anytime({ path }: FixContext): readonly Fix[] {
  const item = itemPath(path)
  return item ? [fix('anytime', [], { do: 'set', path: [...item, 'anytime'], value: true })] : []
}

const SPAN = '((?:\\d+ (?:h|min|s) ?)+)'
const form = (text: string) => new RegExp(text.replaceAll('SPAN', SPAN))

export const GRANT_FIXES: readonly FixRule[] = [
  [
    form('^step \\S+ is due .+ after the .+, but under .+ grants (\\d+) messages for SPAN: '),
    (context, quota = '', lifetime = '') => [
      ...askBefore(context, '24h'),
      ...sooner(context, quota, lifetime.trim()),
    ],
  ],
  [/^step \S+ is due .+ grants nothing: /, (context) => askBefore(context, '24h')],
  [/^step \S+ has no message left: /, askOrRemove],
  [/^on the way .+ messages follow one typed message/, (context) => askBefore(context, '8h')],
  [/^step \S+ is due .+ after the last typed message/, (context) => askBefore(context, '8h')],
  [/^step \S+, .+ after the tap/, (context) => askBefore(context, '24h')],
  [/^a run begun by .+ has no grant of its own: /, (context) => askBefore(context, '24h')],
  [
    form('^SPAN(?:\\(SPAN\\+ SPAN\\) )?is beyond the window of SPAN: '),
    (context, planned = '', before = '', _after = '', window = '') =>
      delay(context, planned.trim(), window.trim(), before.trim() || '0 s'),
  ],
  [
    form('^SPAN is longer than the window of SPAN: '),
    (context, _wait, window = '') => shorterWait(context, window.trim()),
  ],
  [
    form('^\\S+ may be open until SPAN after the last interaction; the window closes at SPAN: '),
    (context, until = '', window = '') => waitInWindow(context, until.trim(), window.trim()),
  ],
  [/^step \S+ goes .+ and (\S+) waits only then: /, (context, fork = '') => intoMeanwhile(context, fork)],
  [/^step \S+: for entries .+ it falls into quiet hours/, anytime],
]
