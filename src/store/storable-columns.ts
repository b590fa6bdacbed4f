import { PgJsonb, PgText } from 'drizzle-orm/pg-core'
import { storableJson, storableText } from '../shared/text.ts'

/**
 * Has every text and jsonb column write what PostgreSQL takes: half a character, or U+0000, becomes U+FFFD on its way in.
 * The database refuses a whole statement for one such character, for good, and what people, WeChat and other programs say
 * may hold one. Set once for all columns, for the same reason as `throwStoreErrors`.
 */
export function patchStorableColumns(): void {
  PgJsonb.prototype.mapToDriverValue = storableJson
  PgText.prototype.mapToDriverValue = (value: unknown) =>
    typeof value === 'string' ? storableText(value) : value
}
