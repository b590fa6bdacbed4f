/** Reasons of steps of people who left: they unfollowed, opted out, or were taken out. Nothing was to be sent to them. */
const LEFT: ReadonlySet<string> = new Set(['cancelled', 'opted-out', 'unfollowed', 'unsubscribed'])

/**
 * Reasons of skipped steps that the campaign or an operator intends. Every other reason is a message that could not be sent, so that
 * a new reason is seen.
 */
const BY_DESIGN: ReadonlySet<string> = new Set([
  'completed',
  'condition',
  'goal-reached',
  'no-reply',
  'not-replied',
  'other-branch',
  'replaced',
  'replied',
  'wait-over',
])

/** What a reason of a skipped step means: only `couldNot` is a fault that somebody must look at. */
export type SkipGroup = 'couldNot' | 'byDesign' | 'left'

/** The group of a reason. */
export function skipGroup(reason: string): SkipGroup {
  if (LEFT.has(reason)) return 'left'
  return BY_DESIGN.has(reason) ? 'byDesign' : 'couldNot'
}
