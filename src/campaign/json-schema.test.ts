import { readdirSync, readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { campaignJsonSchema } from './json-schema.ts'

const EXAMPLES = new URL('../../campaigns/', import.meta.url)
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

const answer = { on: { keywords: ['a'] }, reply: { text: 'hi' } }
const on = { on: { keywords: ['1'] } }
const withStep = (more: Record<string, unknown>) =>
  small({ steps: [{ id: 's', send: { text: 'hi' }, ...more }] })
const withFork = (more: Record<string, unknown>) => small({ steps: [{ id: 'f', ...more }] })

describe('the JSON Schema of a campaign file', () => {
  it.each(readdirSync(EXAMPLES).filter((name) => name.endsWith('.yaml')))('accepts the example %s', (name) =>
    expect(underlined(example(name))).toEqual([]),
  )

  it('accepts every field of the contract', () => {
    const full = small({
      accounts: ['wx1'],
      priority: 10,
      entry: { event: 'subscribe', qrScenes: ['expo*', 2025], keys: ['k'], keywords: ['w'] },
      quiet: { from: '22:00', to: '08:00' },
      spread: '5m',
      ifBusy: 'replace',
      goal: { on: { facts: { paid: true } }, end: false, value: 'amount', within: '7d' },
      answers: [answer, { on: { event: 'message' }, handover: true }],
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

  it.each([
    ['a word for a duration', small({ spacing: 'soon' }), '/spacing'],
    ['two units in a duration', small({ window: '2h30m' }), '/window'],
    ['neither steps nor answers', small({ steps: undefined, entry: undefined }), ''],
    ['steps without an entry', small({ entry: undefined }), ''],
    ['an entry without steps', small({ steps: undefined, answers: [answer] }), ''],
    ['a time without a zero', small({ quiet: { from: '9:00', to: '10:00' } }), '/quiet/from'],
    ['an unknown word for quiet hours', small({ quiet: 'never' }), '/quiet'],
    [
      'an answer with a reply and a handover',
      small({ answers: [{ ...answer, handover: true }] }),
      '/answers/0',
    ],
    ['an answer without a reply', small({ answers: [{ on: answer.on }] }), '/answers/0'],
    ['a goal without an event', small({ goal: { value: 'amount' } }), '/goal'],
    ['ifBusy: beside', small({ ifBusy: 'beside' }), '/ifBusy'],
    ['an exit without keywords', small({ exit: { resume: ['KQ'] } }), '/exit'],
    ['an unknown filter', small({ entry: { event: 'message', words: ['a'] } }), '/entry'],
    ['a tag event for an answer', small({ answers: [{ ...answer, on: { event: 'tag' } }] }), '/answers/0/on'],
    ['a message of two kinds', withStep({ send: { text: 'a', card: { id: 'c' } } }), '/steps/0/send'],
    ['a medium without a source', withStep({ send: { image: {} } }), '/steps/0/send/image'],
    ['a step without an action', small({ steps: [{ id: 's', after: '1s' }] }), '/steps/0'],
    ['a bad id of a step', withStep({ id: 'My Step' }), '/steps/0/id'],
    ['a day with a delay', withStep({ day: 1, at: '09:00', after: '1h' }), '/steps/0'],
    ['a day without a time', withStep({ day: 1 }), '/steps/0'],
    ['days without a time', withStep({ days: 'workdays' }), '/steps/0'],
    ['an unknown weekday', withStep({ at: '09:00', days: ['monday'] }), '/steps/0/days/0'],
    ['before without a fact', withStep({ before: '2h', since: 'entry' }), '/steps/0/since'],
    ['typing without a message', small({ steps: [{ id: 's', typing: '2s', tag: ['a'] }] }), '/steps/0'],
    ['an unknown word for ifLate', withStep({ ifLate: 'drop' }), '/steps/0/ifLate'],
    ['an unknown word for when', withStep({ when: 'always' }), '/steps/0/when'],
    ['a fact without a value', withStep({ when: { facts: { paid: {} } } }), '/steps/0/when'],
    ['a campaign that ends otherwise', withStep({ when: { campaign: { a: 'won' } } }), '/steps/0/when'],
    ['a name of a fact with a space', withStep({ set: { 'x y': 1 } }), '/steps/0/set'],
    ['21 tags', withStep({ tag: Array.from({ length: 21 }, (_, i) => `t${i}`) }), '/steps/0/tag'],
    ['an account of an agent without @', withStep({ handover: 'anna' }), '/steps/0/handover'],
    ['a fork with on without wait', withFork({ branches: [on] }), '/steps/0'],
    ['a fork with when that waits', withFork({ wait: '1h', branches: [{ when: 'replied' }] }), '/steps/0'],
    ['a fork with share and meanwhile', withFork({ meanwhile: [], branches: [{ share: 50 }] }), '/steps/0'],
    ['a fork with on at a time', withFork({ wait: '1h', at: '09:00', branches: [on] }), '/steps/0'],
    ['branches of two kinds', withFork({ wait: '1h', branches: [on, { share: 50 }] }), '/steps/0'],
    ['a branch of no kind', withFork({ branches: [{ name: 'a', steps: [] }] }), '/steps/0'],
    ['a fork without branches', withFork({ branches: [] }), '/steps/0/branches'],
    ['a share of 0', withFork({ branches: [{ share: 0 }] }), '/steps/0/branches/0/share'],
    [
      'a fork in meanwhile',
      withFork({ wait: '1h', meanwhile: [{ id: 'g', branches: [] }], branches: [on] }),
      '/steps/0/meanwhile/0',
    ],
    ['another word than end', withFork({ wait: '1h', branches: [on], else: ['stop'] }), '/steps/0/else/0'],
  ])('refuses %s', (_what, file, place) => expect(underlined(file)).toContain(place))

  it('has a description for each field', () => {
    const missing: string[] = []
    const visit = (schema: unknown, path: string): void => {
      if (typeof schema !== 'object' || schema === null) return
      for (const [key, value] of Object.entries(schema)) {
        visit(value, `${path}/${key}`)
        if (key !== 'properties' || /dependentSchemas|oneOf\/\d+$/.test(path)) continue
        for (const [name, field] of Object.entries(value as Record<string, { description?: string }>))
          if (!/[.。]$/.test(field.description ?? '')) missing.push(`${path}/${name}`)
      }
    }
    visit(campaignJsonSchema(), '')
    expect(missing).toEqual([])
  })

  it('does not require fields with a default', () => expect(underlined(small())).toEqual([]))
})
