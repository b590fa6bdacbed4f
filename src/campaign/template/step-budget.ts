/**
 * Counts what is done with a template, in steps. The same template, with the same variables, takes the same number of steps
 * on every machine and under every load. A step is about a microsecond of one core.
 */
export interface StepBudget {
  readonly limit: number
  readonly spent: number
  /** @throws WorkLimitError when it is more than is left */
  spend(steps: number): void
}

/** What one rendering of one template may take. A long message with a few conditions takes some hundred steps. */
export const RENDER_STEPS = 20_000

/** What all templates of one file may take while it is checked: read, analysed, and each rendered with sample values. */
export const FILE_STEPS = 200_000

/** What looking for texts that come out empty may take: it then finds fewer. */
export const EMPTY_TEXTS_STEPS = 100_000

/** More steps than may be taken. */
export class BudgetExceededError extends Error {
  override name = 'WorkLimitError'
}

/**
 * @param parent a larger work, of which this one is a part: what is spent here is spent there, and no more than is left there
 * may be spent here
 */
export function createStepBudget(limit: number, parent?: StepBudget): StepBudget {
  const most = parent ? Math.min(limit, parent.limit - parent.spent) : limit
  let spent = 0
  return {
    limit: most,
    get spent() {
      return spent
    },
    spend(steps) {
      // Callers compute it from what templates give them: NaN and less than nothing are no work.
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
