import type { RunState, StepState } from './state.ts'

/**
 * What a run adds to the statistics of its campaign, as far as its state tells. Runs that went the same way have the same tally,
 * so that statistics count tallies instead of states.
 */
export interface Tally {
  /** The steps of which something is known: the id, then the marks `due`, `held`, and how it ended. */
  steps: readonly (readonly string[])[]
  /** What each fork took, by number; null: undecided. Absent: the plan has none. */
  forks?: readonly (number | null)[]
  /** The steps that were done before the first reply, newest first. Absent: no reply. */
  replied?: readonly string[]
  /** The last steps that were done, newest first. */
  last: readonly string[]
  /** A request of a step may have been answered after the run was told otherwise. The step's delivery knows. */
  open?: true
}

/** A tally names this many done steps. The last message is among them unless as many steps without a message follow it. */
const STEPS_BEFORE = 4
/**
 * WeChat's times of events are whole seconds. A reply belongs to the message that was sent within its second, unless the
 * message went because of it: it was due from then on, or held until then.
 */
const WITHIN_SECOND_MS = 999
const REASON = /^[a-z0-9 ()-]{1,40}$/i

export function tallyOf(state: RunState): Tally {
  const { reply, forks } = state
  return {
    steps: state.steps.flatMap((step) => {
      const marks = marksOf(step, state)
      return marks.length > 0 ? [[step.id, ...marks]] : []
    }),
    ...(forks ? { forks: forks.map(({ took }) => took) } : {}),
    ...(reply ? { replied: doneBefore(state, reply.at) } : {}),
    last: lastDone(state.steps),
    ...(state.steps.some((step) => mayHaveBeenSent(step, state)) ? { open: true as const } : {}),
  }
}

/** When the last step was done, epoch ms; null: none was. */
export function lastDoneAt({ steps }: Pick<RunState, 'steps'>): number | null {
  const times = steps.flatMap(({ sentAt }) => sentAt ?? [])
  return times.length > 0 ? Math.max(...times) : null
}

/** Why steps are held or were skipped, each reason once; `failed:CODE`: WeChat has refused one. Null: there is none. */
export function reasonsOf({ steps }: Pick<RunState, 'steps'>): string[] | null {
  const reasons = steps.flatMap((step) => {
    if (step.state === 'held') return [kindOfReason(step.reason ?? 'none')]
    const end = endOf(step)
    return step.state === 'skipped' && end ? [end.replace(/^skipped:/, '')] : []
  })
  return reasons.length > 0 ? [...new Set(reasons)].sort() : null
}

function marksOf(step: StepState, run: RunState): string[] {
  const end = endOf(step)
  return [...(isDue(step, run) ? ['due'] : []), ...(step.wasHeld ? ['held'] : []), ...(end ? [end] : [])]
}

/** How a step ended; null while it is open. */
function endOf({ state, errcode, reason }: StepState): string | null {
  if (state === 'sent' || state === 'unknown') return state
  if (state !== 'skipped') return null
  return errcode ? `failed:${errcode}` : `skipped:${kindOfReason(reason ?? 'none')}`
}

/** The kind of a reason, without its details and without texts of others. */
export function kindOfReason(reason: string): string {
  const kind = reason.split(':', 1)[0] ?? ''
  return REASON.test(kind) ? kind : 'other'
}

/** A step that is skipped with the end of its run was due if its time had come. */
function isDue({ state, dueAt, reason }: StepState, { endedAt }: RunState): boolean {
  if (state === 'pending') return false
  if (state !== 'skipped') return true
  return reason !== 'other-branch' && dueAt !== null && dueAt <= (endedAt ?? dueAt)
}

/** A step that was being sent when its run was ended from outside is skipped like all others. */
function mayHaveBeenSent(step: StepState, run: RunState): boolean {
  return (
    step.state === 'unknown' || (step.state === 'skipped' && step.reason === run.outcome && isDue(step, run))
  )
}

function doneBefore({ steps }: RunState, reply: number): string[] {
  const isBefore = ({ sentAt, dueAt, wasHeld }: StepState) =>
    sentAt !== null &&
    (sentAt <= reply || (sentAt <= reply + WITHIN_SECOND_MS && !wasHeld && (dueAt ?? 0) < reply))
  return lastDone(steps.filter(isBefore))
}

function lastDone(steps: readonly StepState[]): string[] {
  return steps
    .flatMap(({ id, sentAt }, i) => (sentAt === null ? [] : [{ id, sentAt, i }]))
    .sort((a, b) => b.sentAt - a.sentAt || b.i - a.i)
    .slice(0, STEPS_BEFORE)
    .map(({ id }) => id)
}
