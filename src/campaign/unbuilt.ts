import type { Issue } from './issue.ts'
import type { Campaign } from './model.ts'

/**
 * The words of the format that no part of the product executes yet. The schema knows them, and a preview shows what they will
 * do, but a file with one of them is refused, so that none is silently ignored. Delete a word when its part is built.
 */
const UNBUILT = {
  campaign: ['ifBusy'],
} as const

/** An error for each word of a valid file that is not built yet. */
export function unbuiltIssues(campaign: Campaign): Issue[] {
  const found: string[] = []
  const refuse = (words: readonly string[], map: object | undefined, path: string) =>
    found.push(...words.filter((word) => map && word in map).map((word) => (path ? `${path}.${word}` : word)))
  refuse(UNBUILT.campaign, campaign, '')
  return found.map((path) => ({ path, message: 'is not supported by this version yet' }))
}
