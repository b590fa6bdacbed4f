import { PgJsonb, PgText } from 'drizzle-orm/pg-core'
import { storableJson, storableText } from '../shared/text.ts'

/**
 * Replaces characters that PostgreSQL refuses by U+FFFD in every text and jsonb column: half a surrogate pair, and U+0000. The
 * database would refuse the whole statement, and texts of people, WeChat and other programs may contain them. It patches
 * drizzle's columns once, so that no statement can miss it.
 */
export function patchStorableColumns(): void {
  PgJsonb.prototype.mapToDriverValue = storableJson
  PgText.prototype.mapToDriverValue = (value: unknown) =>
    typeof value === 'string' ? storableText(value) : value
}
