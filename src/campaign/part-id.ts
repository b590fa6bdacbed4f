/** The id of a step's message in a plan: the later messages of a step `gift` are `gift.2`, `gift.3` … */
export function partId(id: string, index: number): string {
  return index === 0 ? id : `${id}.${index + 1}`
}
