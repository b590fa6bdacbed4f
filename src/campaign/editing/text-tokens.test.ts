import { expect, it } from 'vitest'
import { linkToken, tokenBefore, trackedLink, withLiquid, withTokens, withTracking } from './text-tokens.ts'

const LIQUID = "看这里 {{ 'https://example.com/a?b=1' | track: 'guide' }}！"
const TOKEN = '看这里 【链接 guide：https://example.com/a?b=1】！'

it('shows a counted link as a token, in both languages', () => {
  expect(withTokens(LIQUID, 'zh')).toBe(TOKEN)
  expect(withLiquid(TOKEN)).toBe(LIQUID)
  expect(withLiquid(withTokens(LIQUID, 'en'))).toBe(LIQUID)
})
it('keeps a link without an address, or with a quote in it, as text', () => {
  for (const text of [
    linkToken('zh', 1),
    "【链接 a：https://example.com/'x】",
    '【链接：https://example.com】',
  ])
    expect(withLiquid(text)).toBe(text)
})
it('removes a link as one', () => {
  expect(tokenBefore(TOKEN, TOKEN.length - 1)).toBe(4)
})
it('reads and writes the address of a card that is counted', () => {
  expect(trackedLink(withTracking('https://example.com', 'x'))).toEqual({
    url: 'https://example.com',
    name: 'x',
  })
  expect(withTracking('https://example.com', ' ')).toBe('https://example.com')
  expect(trackedLink('https://example.com')).toBeNull()
})
