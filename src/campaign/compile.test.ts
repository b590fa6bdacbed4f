import { describe, expect, it } from 'vitest'
import { bodyWarnings, compileCampaign, reentryOf } from './compile.ts'
import { type Campaign, campaignSchema } from './model.ts'

const campaign = (more: Record<string, unknown> = {}): Campaign =>
  campaignSchema.parse({
    id: 'welcome',
    name: '新粉欢迎',
    entry: { event: 'subscribe' },
    steps: [
      { id: 'hint', after: '20s', since: 'entry', when: 'not-replied', send: { text: '还在吗？' } },
      { id: 'photo', after: '0s', since: 'reply', send: { image: { file: 'sha256-a' } } },
      { id: 'voice', after: '1m', ifLate: 'skip', send: { voice: { mediaId: 'at-wechat' } } },
    ],
    ...more,
  })

describe('the plan of a campaign', () => {
  it('has delays and conditions, and no message bodies', () => {
    const plan = compileCampaign(campaign({ spacing: '5s', window: '2h' }), 7)
    expect(plan).toEqual({
      campaign: 'welcome',
      version: 7,
      priority: 0,
      steps: [
        {
          id: 'hint',
          kind: 'text',
          media: false,
          afterMs: 20_000,
          since: 'entry',
          ifLate: 'hold',
          when: 'not-replied',
        },
        { id: 'photo', kind: 'image', media: true, afterMs: 0, since: 'reply', ifLate: 'hold', when: null },
        {
          id: 'voice',
          kind: 'voice',
          media: false,
          afterMs: 60_000,
          since: 'previous',
          ifLate: 'skip',
          when: null,
        },
      ],
      spacingMs: 5_000,
      windowMs: 7_200_000,
      exitKeywords: [],
    })
    expect(JSON.stringify(plan)).not.toContain('还在吗')
  })

  it('has a spacing of two seconds and a window of 48 hours by default', () => {
    expect(compileCampaign(campaign(), 1)).toMatchObject({ spacingMs: 2_000, windowMs: 172_800_000 })
  })

  it('has the normal forms of the exit keywords', () => {
    const plan = compileCampaign(campaign({ exit: { keywords: [' ＴＤ ', '退订', 0] } }), 1)
    expect(plan.exitKeywords).toEqual(['td', '退订', '0'])
  })
})

describe('how often a follower may enter', () => {
  it.each([
    [undefined, 'always'],
    ['always', 'always'],
    ['never', 'never'],
    [{ after: '30d' }, { afterMs: 2_592_000_000 }],
  ])('%j', (reentry, expected) => expect(reentryOf(campaign({ reentry }))).toEqual(expected))
})

describe('a step that changes tags or needs attributes', () => {
  const planned = (step: Record<string, unknown>) =>
    compileCampaign(
      campaignSchema.parse({
        id: 'a',
        name: 'A',
        entry: { event: 'subscribe' },
        steps: [{ id: 's', after: '1m', ...step }],
      }),
      1,
    ).steps[0]

  it('has that in its plan', () => {
    expect(planned({ tag: ['a'], untag: ['b'], when: { tag: 'c' } })).toMatchObject({
      kind: 'tag',
      media: false,
      tag: ['a'],
      untag: ['b'],
      when: { tag: 'c' },
    })
    expect(planned({ send: { text: '{{ follower.tags | upcase }}' } })).toMatchObject({
      needsAttributes: true,
    })
    expect(
      planned({
        send: {
          menu: {
            head: '{% if follower.subscribeScene == "A" %}a{% endif %}',
            items: [{ id: 'a', text: 'a' }],
          },
        },
      }),
    ).toMatchObject({ needsAttributes: true })
  })

  it('does not add fields to the plans of other steps', () => {
    const plain = planned({ send: { text: 'no follower here: {{ reply.text }}' } })
    expect(Object.keys(plain ?? {})).toEqual(['id', 'kind', 'media', 'afterMs', 'since', 'ifLate', 'when'])
  })
})

describe('bodies that are published for runs in flight', () => {
  const withHint = (send: Record<string, unknown>) =>
    campaign({ steps: [{ id: 'hint', after: '20s', since: 'entry', send }] })
  const before = withHint({ text: '还在吗？' })

  it('reach them when their plans prepare what the new body needs', () => {
    expect(bodyWarnings(before, withHint({ text: '{{ account.name }} 还在吗？' }))).toEqual([])
    expect(bodyWarnings(withHint({ image: { file: 'sha256-a' } }), withHint({ text: 'x' }))).toEqual([])
  })

  it.each([
    ['a medium', { image: { file: 'sha256-a' } }],
    ['follower.…', { text: '{{ follower.tags }}' }],
    ['fact.doctor', { text: 'hi {{ fact.doctor }}' }],
  ])('do not reach them when the new body needs %s, and publishing warns', (what, send) => {
    expect(bodyWarnings(before, withHint(send))).toMatchObject([
      { path: 'steps.0.send', message: expect.stringContaining(what) },
    ])
  })
})
