/** The id of a step's message in a plan: the later messages of a step `gift` are `gift.2`, `gift.3` … */
export function partId(id: string, index: number): string {
  return index === 0 ? id : `${id}.${index + 1}`
}

/** Whether a message of a plan is a later one of its step. */
export const isLaterPart = (stepId: string): boolean => /\.\d+$/.test(stepId)

/** Whether a message of a plan is a later one of this step. */
export const isPartOf = (stepId: string, step: string): boolean =>
  stepId.startsWith(`${step}.`) && /^\d+$/.test(stepId.slice(step.length + 1))
