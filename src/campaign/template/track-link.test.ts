import { describe, expect, it } from 'vitest'
import { checkTemplate, renderTemplate, type TemplateVariables } from './template.ts'
import { linkNamesIn, TRACK_LINK } from './track-link.ts'

const VARIABLES: TemplateVariables = {
  account: { name: 'A', appId: 'wx' },
  qrScene: '',
  entry: { at: '', event: 'subscribe', key: '' },
  reply: { text: '' },
  fact: { guide: 'https://example.com/g?a=1', none: '' },
  follower: { tags: '', subscribeScene: '' },
  daysSinceEntry: 0,
  daysSinceReply: 0,
}
const TEXT = "看：{{ 'https://example.com/l1' | track: 'l1' }} {{ fact.guide | track: \"指南\" }}"

describe('a tracked link', () => {
  it('is replaced by its short link, and is the address itself without one', () => {
    const asked: string[] = []
    const shortLinkOf = (url: string, name: string) => {
      asked.push(`${name} ${url}`)
      return `https://n.example/l/${asked.length}`
    }
    expect(renderTemplate(TEXT, { ...VARIABLES, [TRACK_LINK]: shortLinkOf })).toBe(
      '看：https://n.example/l/1 https://n.example/l/2',
    )
    expect(asked).toEqual(['l1 https://example.com/l1', '指南 https://example.com/g?a=1'])
    expect(renderTemplate(TEXT, VARIABLES)).toBe('看：https://example.com/l1 https://example.com/g?a=1')
  })

  it('is empty when its address is a fact that is not set', () => {
    const text = "{{ fact.none | track: 'x' }}{{ fact.other | track: 'x' }}"
    expect(renderTemplate(text, { ...VARIABLES, [TRACK_LINK]: () => 'short' })).toBe('')
    expect(checkTemplate(text)).toBeNull()
  })

  it.each([
    ["{{ 'https://example.com' | track }}", 'track needs a name of 1 to 64 characters'],
    [`{{ 'https://example.com' | track: '${'x'.repeat(65)}' }}`, 'track needs a name of 1 to 64 characters'],
    [
      "{{ 'javascript:alert(1)' | track: 'x' }}",
      'track needs an http or https URL, and "javascript:alert(1)" is none',
    ],
    ["{{ 'example.com' | track: 'x' }}", 'track needs an http or https URL'],
  ])('is checked with its file: %s', (text, problem) => expect(checkTemplate(text)).toContain(problem))

  it('has a name that branches may wait for', () => {
    expect(linkNamesIn(TEXT)).toEqual(['l1', '指南'])
    expect(linkNamesIn('track: x')).toEqual([])
  })
})
