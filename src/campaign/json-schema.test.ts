import { readdirSync, readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { campaignJsonSchema } from './json-schema.ts'

const EXAMPLES = new URL('../../campaigns/', import.meta.url)
const FORKED = new URL('../../test/campaigns/', import.meta.url)
const validate = new Ajv2020({ allErrors: true }).compile(campaignJsonSchema())
/** The places in `file` that an editor would underline. */
const underlined = (file: unknown) =>
  validate(file) ? [] : (validate.errors ?? []).map((e) => e.instancePath)

const example = (name: string) => parse(readFileSync(new URL(name, EXAMPLES), 'utf8'))
const small = (more: Record<string, unknown> = {}) => ({
  id: 'a',
  name: 'A',
  entry: { event: 'subscribe' },
  steps: [{ id: 's', after: '1s', send: { text: 'hi' } }],
  ...more,
})

describe('the JSON Schema of a campaign file', () => {
  it.each(readdirSync(EXAMPLES))('accepts the example %s', (name) =>
    expect(underlined(example(name))).toEqual([]),
  )

  it.each(readdirSync(FORKED).filter((name) => name.endsWith('.yaml')))('accepts the example %s', (name) =>
    expect(underlined(parse(readFileSync(new URL(name, FORKED), 'utf8')))).toEqual([]),
  )

  it('accepts every field of the contract', () => {
    const full = small({
      accounts: ['wx1'],
      priority: 10,
      entry: { event: 'subscribe', qrScenes: ['expo*', 2025], keys: ['k'], keywords: ['w'] },
      reply: { text: '欢迎' },
      spacing: '2s',
      window: '48h',
      reentry: { after: '30d' },
      exit: { keywords: ['TD'] },
    })
    expect(underlined(full)).toEqual([])
  })

  it.each([
    ['at the top', small({ colour: 'red' }), ''],
    ['in the entry', small({ entry: { event: 'scan', scene: 'x' } }), '/entry'],
    ['in a step', small({ steps: [{ id: 's', after: '1s', delay: 1, send: { text: 'a' } }] }), '/steps/0'],
    ['in a message', small({ steps: [{ id: 's', after: '1s', send: { txt: 'a' } }] }), '/steps/0/send'],
    ['in the reply', small({ reply: { menu: { head: 'a', items: [] } } }), '/reply'],
  ])('refuses an unknown field %s', (_where, file, place) => expect(underlined(file)).toContain(place))

  it.each([
    ['no steps', small({ steps: [] }), '/steps'],
    ['no name', { ...small(), name: undefined }, ''],
    ['an unknown event', small({ entry: { event: 'follow' } }), '/entry/event'],
    ['a number for a duration', small({ spacing: 2 }), '/spacing'],
    ['a bad id', small({ id: 'My Campaign' }), '/id'],
    ['a priority that is too high', small({ priority: 1001 }), '/priority'],
    ['an unknown reentry', small({ reentry: 'often' }), '/reentry'],
  ])('refuses %s', (_what, file, place) => expect(underlined(file)).toContain(place))

  it('does not require fields with a default', () => expect(underlined(small())).toEqual([]))
})
