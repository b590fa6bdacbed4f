import { isSame } from '../../shared/same-value.ts'
import { CannotEdit, plainFields, plainValue } from './plain-values.ts'

/** Whether every line ends as on Windows. */
const hasCrlf = (source: string) => source.includes('\r\n') && !/(^|[^\r])\n/.test(source)
const BYTE_ORDER_MARK = '\ufeff'

/**
 * Makes a change of a text whose lines end as on Unix, and compares the values: a change that would make other ones of them is
 * refused, as are texts that cannot be read or printed.
 * @param change null: it cannot be made
 * @param expected what the change makes of the values
 * @throws CannotEdit
 */
export function changed(
  source: string,
  change: (text: string) => string | null,
  expected: (values: Record<string, unknown>) => unknown,
): string {
  if (source.startsWith(BYTE_ORDER_MARK))
    return BYTE_ORDER_MARK + changed(source.slice(BYTE_ORDER_MARK.length), change, expected)
  if (hasCrlf(source))
    return changed(source.replaceAll('\r\n', '\n'), change, expected).replaceAll('\n', '\r\n')
  const values = plainFields(source)
  const text = change(source)
  if (text === null) throw new CannotEdit('it cannot be changed in place')
  if (!isSame(plainValue(text), copyOf(expected(copyOf(values)))))
    throw new CannotEdit('the change would change other values too')
  return text
}

/** Undefined fields are none. */
const copyOf = <T>(value: T): T => JSON.parse(JSON.stringify(value ?? null))

/** The same, with null in the place of a refusal. */
export function changedOrNull(...change: Parameters<typeof changed>): string | null {
  try {
    return changed(...change)
  } catch (err) {
    if (err instanceof CannotEdit) return null
    throw err
  }
}
