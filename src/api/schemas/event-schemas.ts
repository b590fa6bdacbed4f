import { z } from '@hono/zod-openapi'
import { factNameProblem, MAX_FACT_CHARS, MAX_FACTS, parseFacts } from '../../shared/facts.ts'
import { isoTime, page, typedLine } from './common-schemas.ts'

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/
/** A name in a path. Requests for other names are 404, as for one that does not exist. */
export const nameParam = z.object({ name: z.string().min(1).max(200) })
/** Why a text cannot be the name of an endpoint; null when it can. */
export const endpointNameProblem = (name: string): string | null =>
  NAME.test(name)
    ? null
    : 'a name begins with a letter or digit and has letters, digits, ., _ and -, at most 64'

/** Facts by name. */
export const facts = z
  .unknown()
  .transform((value, ctx) => {
    const parsed = parseFacts(value)
    for (const { path, message } of parsed.issues)
      ctx.addIssue({ code: 'custom', message, path: path === '' ? [] : [path] })
    return parsed.facts
  })
  .openapi({
    type: 'object',
    additionalProperties: {
      anyOf: [{ type: 'string', maxLength: MAX_FACT_CHARS }, { type: 'number' }, { type: 'boolean' }],
    },
    maxProperties: MAX_FACTS,
    description: 'Values by name. A name begins with a letter and has letters, digits and _, at most 32.',
  })

export const enterBody = z
  .strictObject({
    campaign: z.string().min(1).max(200).openapi({ description: 'The id of a live campaign.' }),
    facts: facts.optional(),
  })
  .openapi('Enter')

/** WeChat's limit for the name of a tag (创建标签): 30 characters. A follower has at most 20 tags. */
const tagName = typedLine(30).min(1)
export const tagsBody = z
  .strictObject({ add: z.array(tagName).max(20).default([]), remove: z.array(tagName).max(20).default([]) })
  .refine(({ add, remove }) => add.length + remove.length > 0, 'add or remove needs at least one tag')
  .openapi('TagChange')

export const idempotencyHeaders = z.object({
  'idempotency-key': z
    .string()
    .regex(/^[\x21-\x7e]{1,128}$/, 'must be 1 to 128 printable ASCII characters without spaces')
    .optional()
    .openapi({ description: 'The same for each delivery of one request. Remembered for seven days.' }),
})

export const webhookEndpointBody = z
  .strictObject({ url: z.string().max(2_048).openapi({ description: 'https, and a public address.' }) })
  .openapi('WebhookEndpointSettings')

export const webhookEndpoint = z
  .object({ name: z.string(), url: z.string(), createdAt: isoTime, updatedAt: isoTime })
  .openapi('WebhookEndpoint')

const secret = z.string().openapi({ description: 'Only this response has it.' })
export const createdWebhookEndpoint = webhookEndpoint.extend({ secret }).openapi('CreatedWebhookEndpoint')
export const newSecret = z.object({ name: z.string(), secret }).openapi('NewSecret')

export const outboxFilters = page.extend({
  state: z
    .enum(['waiting', 'delivered', 'failed'])
    .optional()
    .openapi({ description: 'Default: waiting and failed.' }),
  endpoint: z.string().max(200).optional(),
})

export const outboxItem = z
  .object({
    id: z.number(),
    endpoint: z.string(),
    state: z.enum(['waiting', 'delivered', 'failed']),
    appId: z.string(),
    openId: z.string(),
    runKey: z.string(),
    step: z.string(),
    attempts: z.number(),
    lastStatus: z.number().nullable().openapi({ description: 'Of the last HTTP answer; null: none.' }),
    lastError: z.string().nullable(),
    createdAt: isoTime,
    nextAttemptAt: isoTime.nullable().openapi({ description: 'null: it is not tried again by itself.' }),
    givesUpAt: isoTime,
    endedAt: isoTime.nullable(),
  })
  .openapi('Webhook')

export const retriedWebhooks = z.object({ retried: z.number() })

export const outboxParams = z.object({
  id: z
    .string()
    .regex(/^\d{1,15}$/, 'must be the id of a webhook')
    .transform(Number),
})

const path = z
  .string()
  .regex(/^[^.\s]{1,64}(\.[^.\s]{1,64}){0,9}$/, 'must be names separated by dots, like order.buyer.openid')

export const hookBody = z
  .strictObject({
    accounts: z.array(z.string().min(1).max(64)).min(1).max(1_000),
    campaign: z.string().min(1).max(200).nullable().default(null),
    fields: z
      .strictObject({
        appId: path.optional(),
        openId: path.default('openId'),
        campaign: path.optional(),
        id: path.optional(),
        facts: z
          .record(
            z.string().superRefine((name, ctx) => {
              const message = factNameProblem(name)
              if (message) ctx.addIssue({ code: 'custom', message })
            }),
            path,
          )
          .optional(),
      })
      .default({ openId: 'openId' }),
  })
  .superRefine(({ accounts, campaign, fields }, ctx) => {
    const issue = (at: string[], message: string) => ctx.addIssue({ code: 'custom', path: at, message })
    if (new Set(accounts).size > 1 && fields.appId === undefined)
      issue(['fields', 'appId'], 'is needed to distinguish several accounts')
    if (campaign !== null && fields.campaign !== undefined)
      issue(['fields', 'campaign'], 'the hook has a fixed campaign: give one of the two')
    if (Object.keys(fields.facts ?? {}).length > MAX_FACTS)
      issue(['fields', 'facts'], `a follower has at most ${MAX_FACTS} facts`)
  })
  .openapi('HookSettings')

export const hook = z
  .object({
    name: z.string(),
    accounts: z.array(z.string()),
    campaign: z.string().nullable(),
    fields: z.object({
      appId: z.string().optional(),
      openId: z.string(),
      campaign: z.string().optional(),
      id: z.string().optional(),
      facts: z.record(z.string(), z.string()).optional(),
    }),
    createdAt: isoTime,
    updatedAt: isoTime,
  })
  .openapi('Hook')
export const createdHook = hook.extend({ secret }).openapi('CreatedHook')
