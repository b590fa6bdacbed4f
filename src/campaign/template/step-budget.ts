/**
 * Counts the work of a template in steps. The same template with the same variables takes the same number of steps on every
 * machine and under every load. A step is about a microsecond of one core.
 */
export interface StepBudget {
  readonly limit: number
  readonly spent: number
  /** @throws BudgetExceededError when fewer steps are left */
  spend(steps: number): void
}

/** The budget of one rendering of one template. A long message with a few conditions takes some hundred steps. */
export const RENDER_STEPS = 20_000

/** The budget of a file's check: all templates are parsed, analysed and rendered with sample values. */
export const FILE_STEPS = 200_000

/** The budget of the search for empty texts. When it is used up, the search ends early. */
export const EMPTY_TEXTS_STEPS = 100_000

/** The work needs more steps than its budget has left. */
export class BudgetExceededError extends Error {
  override name = 'BudgetExceededError'
}

/** @param parent the budget that this one is a part of: steps are spent from both, and its remainder is a limit here */
export function createStepBudget(limit: number, parent?: StepBudget): StepBudget {
  const most = parent ? Math.min(limit, parent.limit - parent.spent) : limit
  let spent = 0
  return {
    limit: most,
    get spent() {
      return spent
    },
    spend(steps) {
      // Callers compute `steps` from the input of templates. NaN and negative numbers count as no work.
      if (!(steps > 0)) return
      parent?.spend(Math.min(steps, most - spent))
      if (spent + steps > most) {
        spent = most
        throw new BudgetExceededError(`over ${most} steps`)
      }
      spent += steps
    },
  }
}
