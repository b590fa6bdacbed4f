import { childAt, type Fields, readFile } from '../editing/campaign-items.ts'
import type { Path } from '../editing/yaml-edit.ts'
import type { Issue } from '../issue.ts'
import { FIELD_FIXES } from './field-fixes.ts'
import type { Fix, FixContext, FixRule } from './fix.ts'
import { GRANT_FIXES } from './grant-fixes.ts'
import { STRUCTURE_FIXES } from './structure-fixes.ts'
import { TEXT_FIXES } from './text-fixes.ts'

const RULES: readonly FixRule[] = [...GRANT_FIXES, ...STRUCTURE_FIXES, ...FIELD_FIXES, ...TEXT_FIXES]

/** Finds the fixes of the messages that a check has about a file. The file is read once. */
export function createFixes(
  source: string,
  known: Pick<FixContext, 'others' | 'language'>,
): (issue: Issue) => readonly Fix[] {
  let fields: Fields | null = null
  return (issue) => {
    for (const [form, make] of RULES) {
      const [, ...values] = form.exec(issue.message) ?? []
      if (values.length === 0 && !form.test(issue.message)) continue
      fields ??= readFile(source).fields ?? {}
      return make({ ...known, issue, source, fields, path: pathIn(fields, issue.path) }, ...values)
    }
    return []
  }
}

/** The path of an issue, with numbers for the items of lists. */
function pathIn(fields: Fields, path: string): Path {
  let at: unknown = fields
  return (path === '' ? [] : path.split('.')).map((part) => {
    const key = Array.isArray(at) ? Number(part) : part
    at = childAt(at, key)
    return key
  })
}
