import { describe, expect, it } from 'vitest'
import { Bubble } from './bubble.tsx'
import type { BubbleContent } from './bubble-content.ts'
import { BUBBLE_TEXTS, GRANT_TEXTS } from './bubble-texts.ts'
import { GrantMeter } from './grant-meter.tsx'

const html = (content: BubbleContent, look?: 'planned') =>
  String(<Bubble content={content} texts={BUBBLE_TEXTS.zh} {...(look ? { look } : {})} />)

describe('a bubble', () => {
  it('shows the words of a link, its address as a title, and runs no markup of the text', () => {
    const shown = html({ kind: 'text', text: '看<a href="https://a.example/1">这里</a><img src=x>' })
    expect(shown).toContain('<span class="link" title="https://a.example/1">这里</span>')
    expect(shown).toContain('&lt;img src=x&gt;')
  })

  it('shows a menu with its head, items and tail', () => {
    const items = [{ id: '1', text: '满意' }]
    expect(html({ kind: 'menu', head: '如何？', items, tail: '谢谢' })).toMatch(
      /如何？.*<li>满意<\/li>.*谢谢/s,
    )
  })

  it('leads to web addresses only, where it can be tapped', () => {
    const text = '<a href="https://a.example/1">这里</a><a href="javascript:alert(1)">不行</a>'
    const actions = { tapItem: () => {} }
    const shown = String(
      <Bubble content={{ kind: 'text', text }} texts={BUBBLE_TEXTS.zh} actions={actions} />,
    )
    expect(shown.match(/<a /g)).toHaveLength(1)
    expect(shown).toContain('href="https://a.example/1" target="_blank" rel="noopener noreferrer"')
  })

  it('outlines a planned message', () => {
    expect(html({ kind: 'text', text: '明天见' }, 'planned')).toContain('class="message in planned"')
  })
})

describe('the meter of a grant', () => {
  const meter = (used: number, quota: number) =>
    String(<GrantMeter texts={GRANT_TEXTS.zh} scene="message" used={used} quota={quota} />)

  it('has a cell for each message, filled when it is used, and says so in words', () => {
    expect(meter(2, 5).match(/<rect/g)).toHaveLength(5)
    expect(meter(2, 5).match(/class="used"/g)).toHaveLength(2)
    expect(meter(2, 5)).toContain('消息额度：共 5 条，已用 2 条')
  })

  it('scales more than ten messages to ten cells', () => {
    expect(meter(10, 20).match(/<rect/g)).toHaveLength(10)
    expect(meter(10, 20).match(/class="used"/g)).toHaveLength(5)
  })
})
