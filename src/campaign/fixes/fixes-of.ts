import { type Fields, pathIn, readFile } from '../editing/campaign-items.ts'
import type { Issue } from '../issue.ts'
import { FIELD_FIXES } from './field-fixes.ts'
import type { Fix, FixContext, FixRule } from './fix.ts'
import { GRANT_FIXES } from './grant-fixes.ts'
import { STRUCTURE_FIXES } from './structure-fixes.ts'
import { TEXT_FIXES } from './text-fixes.ts'

const RULES: readonly FixRule[] = [...GRANT_FIXES, ...STRUCTURE_FIXES, ...FIELD_FIXES, ...TEXT_FIXES]

/**
 * Finds the fixes of the messages that a check has about a file.
 * @param known `fields`: those of the file; absent: the file is read, once
 */
export function createFixes(
  source: string,
  { fields: read, ...known }: Pick<FixContext, 'others' | 'language'> & { fields?: Fields },
): (issue: Issue) => readonly Fix[] {
  let fields = read
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
