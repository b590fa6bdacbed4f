import { createHash } from 'node:crypto'
import type { Campaign } from '../../campaign/model.ts'
import { storableJson } from '../../shared/text.ts'

/**
 * The hash of what a campaign says: `sha256-` and 64 hexadecimal digits. Two files have the same hash exactly when they mean the
 * same: comments, the order of fields, and the way in which a value is written are no content. It is the SHA-256 of the checked
 * campaign as JSON with sorted fields and without absent ones.
 */
export function contentHash(campaign: Campaign): string {
  return `sha256-${createHash('sha256')
    .update(canonical(JSON.parse(storableJson(campaign))))
    .digest('hex')}`
}

/** JSON with sorted fields and no spaces, as in RFC 8785. The values are already those of JSON. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const fields = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${fields.map(([name, field]) => `${JSON.stringify(name)}:${canonical(field)}`).join(',')}}`
}
