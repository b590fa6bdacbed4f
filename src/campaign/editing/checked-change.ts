import { isRecord } from '../../shared/is-record.ts'
import { isSame } from '../../shared/same-value.ts'
import { CannotEdit, plainValue } from './plain-values.ts'

/** Whether every line ends as on Windows. */
const hasCrlf = (source: string) => source.includes('\r\n') && !/(?<!\r)\n/.test(source)
const BYTE_ORDER_MARK = '\ufeff'

/**
 * Makes a change of a text whose lines end as on Unix, and compares the values: a change that would make other ones of them is
 * refused, as are texts that cannot be read or printed.
 * @param expected what the change makes of the values
 * @throws CannotEdit
 */
export function changed(
  source: string,
  change: (text: string) => string,
  expected: (values: unknown) => unknown,
): string {
  if (source.startsWith(BYTE_ORDER_MARK))
    return BYTE_ORDER_MARK + changed(source.slice(BYTE_ORDER_MARK.length), change, expected)
  if (hasCrlf(source))
    return changed(source.replaceAll('\r\n', '\n'), change, expected).replaceAll('\n', '\r\n')
  const values = plainValue(source)
  if (!isRecord(values)) throw new CannotEdit('it is no map of fields')
  const text = change(source)
  if (!isSame(plainValue(text), copyOf(expected(copyOf(values)))))
    throw new CannotEdit('the change would change other values too')
  return text
}
/** Undefined fields are none. */
const copyOf = (value: unknown): unknown => JSON.parse(JSON.stringify(value ?? null))

/** The same, with null in the place of a refusal. A change that makes null is refused, too. */
export function changedOrNull(
  source: string,
  change: (text: string) => string | null,
  expected: (values: Record<string, unknown>) => unknown,
): string | null {
  try {
    return changed(
      source,
      (text) => {
        const made = change(text)
        if (made === null) throw new CannotEdit('it cannot be changed in place')
        return made
      },
      (values) => expected(values as Record<string, unknown>),
    )
  } catch (err) {
    if (err instanceof CannotEdit) return null
    throw err
  }
}
