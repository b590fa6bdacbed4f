import { z } from '@hono/zod-openapi'
import { MIN_PASSWORD_LENGTH } from '../../auth/passwords/password-policy.ts'
import { normalizeUserName, userNameProblem } from '../../auth/principal.ts'
import { ROLES } from '../../auth/roles.ts'
import { parseDuration } from '../../campaign/duration.ts'
import { isoTime, typedLine } from './common-schemas.ts'

const role = z.enum(ROLES).openapi({ description: 'Each role includes the ones before it.' })
const password = z
  .string()
  .openapi({ description: `At least ${MIN_PASSWORD_LENGTH} characters, and not easy to guess.` })
const userName = z
  .string()
  .max(200)
  .transform(normalizeUserName)
  .superRefine((name, ctx) => {
    const message = userNameProblem(name)
    if (message) ctx.addIssue({ code: 'custom', message })
  })
  .openapi({ type: 'string', description: 'Letters, digits, . _ @ or -; stored in lowercase.' })

export const newUser = z.strictObject({ name: userName, role, password }).openapi('NewUser')

export const userPatch = z
  .strictObject({ role: role.optional(), password: password.optional(), disabled: z.boolean().optional() })
  .openapi('UserPatch')

export const userParam = z.object({ name: z.string().min(1).max(200).transform(normalizeUserName) })

export const user = z
  .object({
    name: z.string(),
    role,
    createdAt: isoTime,
    updatedAt: isoTime,
    disabledAt: isoTime.nullable().openapi({ description: 'null: the user is enabled.' }),
    secondFactorSince: isoTime
      .optional()
      .openapi({ description: 'When the user enabled a second factor (TOTP); absent: not enabled.' }),
  })
  .openapi('User')

export const newToken = z
  .strictObject({
    name: typedLine(100).min(1).openapi({ description: 'What the token is for.' }),
    role,
    expires: z
      .string()
      .refine((text) => (parseDuration(text) ?? 0) > 0, 'must be a duration, like 90d')
      .optional()
      .openapi({ description: 'Lifetime, like 90d. Default: until it is revoked.' }),
  })
  .openapi('NewToken')

export const tokenParam = z.object({ id: z.string().min(1).max(64) })

export const apiToken = z
  .object({
    id: z.string(),
    name: z.string(),
    role,
    createdBy: z.string(),
    createdAt: isoTime,
    expiresAt: isoTime.nullable(),
    lastUsedAt: isoTime.nullable().openapi({ description: 'Accurate to the minute.' }),
  })
  .openapi('Token')

export const createdToken = apiToken
  .extend({ token: z.string().openapi({ description: 'Only in this response.' }) })
  .openapi('CreatedToken')

export const auditEntry = z
  .object({
    at: isoTime,
    actor: z.string().openapi({
      description: 'A user, the id of a token, `admin-token`, or a part of the product such as `dispatcher`.',
    }),
    action: z.string(),
    target: z.string(),
    details: z.unknown(),
  })
  .openapi('AuditEntry')
