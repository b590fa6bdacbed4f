import { duplicateItem, freeId, readFile } from './campaign-items.ts'
import { insertItem, moveItem, type Path } from './yaml-edit.ts'

/**
 * Divides a step into two variants: a fork by shares stands in its place, with the step in one branch and a copy of it in the
 * other. @throws CannotEdit
 */
export function divideStep(source: string, path: Path): string {
  const list = path.slice(0, -1)
  const index = Number(path.at(-1))
  const id = freeId(readFile(source).fields ?? {}, 'split')
  const branches = ['A', 'B'].map((name) => ({ name, share: 50, steps: [] }))
  const withCopy = duplicateItem(source, path)
  const withFork = insertItem(withCopy, list, index + 2, { id, branches })
  const into = (text: string, from: number, fork: number, branch: number) =>
    moveItem(text, [...list, from], [...list, fork, 'branches', branch, 'steps'], 0)
  return into(into(withFork, index + 1, index + 2, 1), index, index + 1, 0)
}
