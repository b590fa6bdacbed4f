import type { Child } from 'hono/jsx'
import { describe, expect, it } from 'vitest'
import { renderPart } from '../../../test/harness/render-part.tsx'
import type { Overview } from '../overview/overview-data.ts'
import { overviewParts } from '../pages/overview/overview-page.tsx'
import { Reasons, type Results } from '../pages/results/results-parts.tsx'
import type { Language } from '../texts/bilingual.ts'

const SKIPPED = { replied: 4, 'no-grant': 2 }

function textIn(language: Language, part: unknown): string {
  return renderPart(part as Child, language)
    .replaceAll(/<[^>]+>/g, ' ')
    .replaceAll(/\s+/g, ' ')
}
const results = (range: Results['query']['range']) =>
  (
    <Reasons
      results={
        {
          campaign: 'c',
          query: { range, version: null },
          statistics: { steps: [{ skipped: SKIPPED, failed: {} }] },
        } as unknown as Results
      }
    />
  ) as unknown
const overview = () => {
  const skips = { couldNot: [['no-grant', 1]], byDesign: [['replied', 3]], left: [] }
  const parts = overviewParts({ today: { skips } } as unknown as Overview, 0)
  return parts.find(({ id }) => id === 'overview-skips')?.part
}

describe('the messages that were not sent by design', () => {
  it.each([
    ['1', '设计如此 今天进入的粉丝 4', 'By design entered today 4'],
    ['7', '设计如此 近 7 天进入的粉丝 4', 'By design entered in the last 7 days 4'],
    ['30', '设计如此 近 30 天进入的粉丝 4', 'By design entered in the last 30 days 4'],
    ['all', '设计如此 全部进入的粉丝 4', 'By design all followers who entered 4'],
  ] as const)('say in results of the range %s whom they count', (range, zh, en) => {
    expect(textIn('zh', results(range))).toContain(zh)
    expect(textIn('en', results(range))).toContain(en)
  })

  it('say on the overview that they are of today and of all campaigns', () => {
    expect(textIn('zh', overview())).toContain('设计如此 今天，全部活动 3')
    expect(textIn('en', overview())).toContain('By design today, all campaigns 3')
  })
})
