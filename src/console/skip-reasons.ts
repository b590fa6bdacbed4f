/**
 * Reasons of skipped steps that the campaign or an operator intends. Every other reason is a message that could not be sent, so that
 * a new reason is seen.
 */
const BY_DESIGN: ReadonlySet<string> = new Set([
  'cancelled',
  'completed',
  'condition',
  'goal-reached',
  'no-reply',
  'not-replied',
  'opted-out',
  'other-branch',
  'replaced',
  'replied',
  'wait-over',
])

/** Whether a step was skipped because it should be: not a fault that somebody must look at. */
export function isByDesign(reason: string): boolean {
  return BY_DESIGN.has(reason)
}
