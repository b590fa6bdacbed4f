import type { Context, MiddlewareHandler } from 'hono'
import { ApiError } from '../api/api-error.ts'
import type { BodyBudget } from '../api/body/body-budget.ts'
import { boundedBody } from '../api/body/bounded-body.ts'
import type { ClientReader } from '../auth/http/client-address.ts'
import { widestNetworkOf } from '../auth/http/ip-networks.ts'
import { unstorablePaths } from '../shared/text.ts'

const MAX_FORM_BYTES = 16 * 1024
const FORM_TYPE = /^(?:application\/x-www-form-urlencoded|multipart\/form-data)\s*(?:;|$)/i

/** Bounds the forms of the console. Forms of signed-in users count in another pool. */
export function boundedForm(
  { bodyBudget, client }: { bodyBudget: BodyBudget; client: ClientReader },
  pool: 'anonymous' | 'signed-in',
  maxBytes = MAX_FORM_BYTES,
): MiddlewareHandler {
  const sender = (c: Context) => {
    const { address } = client(c)
    return address === null ? null : widestNetworkOf(address)
  }
  return boundedBody({
    budget: bodyBudget,
    pool,
    max: () => maxBytes,
    ...(pool === 'anonymous' ? { sender } : {}),
    tooLarge() {
      throw new ApiError(413, 'too-large', `The form is larger than ${maxBytes / 1024} KiB.`)
    },
  })
}

/** Reads the text fields of a form; a missing field is ''. @throws ApiError 400 or 415 */
export async function readFields(c: Context): Promise<(name: string) => string> {
  const fields = await parseForm(c)
  return (name) => {
    const value = fields[name]
    return typeof value === 'string' ? value : ''
  }
}

async function parseForm(c: Context): Promise<Record<string, unknown>> {
  if (c.req.raw.body === null) return {}
  if (!FORM_TYPE.test(c.req.header('content-type') ?? ''))
    throw new ApiError(415, 'unsupported-type', 'Send the fields as a form.')
  const fields = await c.req.parseBody().catch(() => {
    throw new ApiError(400, 'bad-request', 'The form cannot be read.')
  })
  if (unstorablePaths(fields).length > 0)
    throw new ApiError(400, 'bad-request', 'The form contains a NUL character or half of a surrogate pair.')
  return fields
}
