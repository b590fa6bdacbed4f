import { isRecord } from '../../shared/is-record.ts'
import { childAt, type Fields, textOf } from './campaign-items.ts'

/**
 * The branch of each fork that leads to an item, by the fork's id; -1 for `else`. Empty for an item of the main line.
 * @param path of an item or a branch, such as `['steps', 0, 'branches', 1, 'steps', 0]`
 */
export function wayTo(fields: Fields, path: readonly (string | number)[]): Record<string, number> {
  const way: Record<string, number> = {}
  let at: unknown = fields
  for (const [i, key] of path.entries()) {
    const branch = key === 'else' ? -1 : key === 'branches' ? Number(path[i + 1]) : null
    if (branch !== null && isRecord(at) && typeof at.id === 'string') way[textOf(at.id)] = branch
    at = childAt(at, key)
  }
  return way
}
