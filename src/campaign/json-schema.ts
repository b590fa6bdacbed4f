import { z } from 'zod'
import { ACTIONS } from './item-model.ts'
import { MESSAGE_KINDS, REPLY_KINDS } from './message-model.ts'
import { campaignSchema } from './model.ts'

type JsonSchema = z.core.JSONSchema.BaseSchema

/** The JSON Schema of a campaign file, for editors. It lacks the rules that only `checkCampaign` can check. */
export function campaignJsonSchema(): object {
  const schema = z.toJSONSchema(campaignSchema, {
    io: 'input',
    unrepresentable: 'any',
    override: ({ jsonSchema }) => Object.assign(jsonSchema, rulesOf(jsonSchema)),
  })
  const { steps } = schema.properties ?? {}
  if (typeof steps === 'object' && steps.items) setMeanwhile(schema, steps.items as JsonSchema)
  return schema
}

/** Steps of `meanwhile` are items without branches. zod has no form for them, because they have an error of their own. */
function setMeanwhile(schema: unknown, item: JsonSchema): void {
  if (typeof schema !== 'object' || schema === null) return
  for (const [name, value] of Object.entries(schema)) {
    if (name === 'meanwhile' && value.type === 'array')
      value.items = { type: 'object', allOf: [item, noneOf('branches')] }
    else setMeanwhile(value, item)
  }
}

const has = (name: string): JsonSchema => ({ required: [name] })
const anyOf = (names: readonly string[]): JsonSchema => ({ anyOf: names.map(has) })
const noneOf = (...names: string[]): JsonSchema => ({ not: anyOf(names) })
const inBranches = (kind: string): JsonSchema => ({
  properties: { branches: { type: 'array', items: { type: 'object', ...has(kind) } } },
})

/** The rules that need more than one field. zod checks them with functions, which no JSON Schema can hold. */
function rulesOf({ properties = {} }: JsonSchema): JsonSchema {
  const isMap = (...names: string[]) => names.every((name) => name in properties)
  if (isMap('entry', 'steps', 'answers'))
    return { allOf: [anyOf(['steps', 'answers'])], dependentRequired: { steps: ['entry'], entry: ['steps'] } }
  if (isMap('send', 'webhook')) return STEP_RULES
  if (isMap('branches', 'wait')) return FORK_RULES
  if (isMap('text', 'as')) return { oneOf: MESSAGE_KINDS.map(has) }
  if (isMap('text', 'news')) return { oneOf: REPLY_KINDS.map(has) }
  if (isMap('file', 'mediaId')) return { oneOf: [has('file'), has('mediaId')] }
  if (isMap('on', 'handover')) return { oneOf: [has('reply'), has('handover')] }
  return {}
}

const TIMING_RULES: Pick<JsonSchema, 'dependentRequired' | 'dependentSchemas'> = {
  dependentRequired: { day: ['at'], days: ['at'] },
  dependentSchemas: { day: noneOf('after') },
}

const STEP_RULES: JsonSchema = {
  ...anyOf(ACTIONS),
  dependentRequired: { ...TIMING_RULES.dependentRequired, typing: ['send'], before: ['since'] },
  dependentSchemas: {
    ...TIMING_RULES.dependentSchemas,
    before: { ...noneOf('after', 'at', 'day'), properties: { since: { type: 'object' } } },
  },
}

const FORK_RULES: JsonSchema = {
  ...TIMING_RULES,
  oneOf: [
    { ...has('wait'), ...noneOf('after', 'at', 'day', 'days'), ...inBranches('on') },
    { ...noneOf('wait', 'meanwhile'), ...inBranches('when') },
    { ...noneOf('wait', 'meanwhile', 'after', 'at', 'day', 'days'), ...inBranches('share') },
  ],
}
