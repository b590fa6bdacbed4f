import { XMLParser, XMLValidator } from 'fast-xml-parser'
import { describe, expect, it } from 'vitest'
import type { LoadStep } from './load-step.ts'
import { loadCurveSvg } from './svg.ts'
import { loadCurveTable } from './table.ts'

const step = (offered: number, served: number, p50: number, p99: number): LoadStep => ({
  offered,
  follows: offered * 20,
  served,
  lateness: { p50, p99 },
  answered: { p50: 12, p99: 40 },
  missing: 0,
})
const STEPS = [
  step(5, 5, 100, 160),
  step(10, 9.9, 120, 300),
  step(20, 19.5, 400, 1_900),
  step(40, 24.3, 7_000, 14_000),
  step(80, 25, 24_000, 46_000),
]
const draw = (steps = STEPS) => loadCurveSvg(steps, '2 cores, <24> GiB & Node 20')

/** The heights of the points of a line, from left to right. SVG counts downwards. */
function pointsOf(svg: string, line: number) {
  const [, path = ''] = [...svg.matchAll(/<path class="line \w+" d="([^"]+)"/g)][line] ?? []
  return [...path.matchAll(/[ML]([\d.]+) ([\d.]+)/g)].map(([, x, y]) => ({ x: Number(x), y: Number(y) }))
}

describe('the picture of the load curve', () => {
  it('is well-formed XML with escaped texts and a description', () => {
    const svg = draw()
    expect(XMLValidator.validate(svg)).toBe(true)
    expect(new XMLParser({ ignoreAttributes: false }).parse(svg).svg['@_aria-label']).toContain(
      '5, 10, 20, 40, 80',
    )
    expect(svg).toContain('2 cores, &lt;24&gt; GiB &amp; Node 20')
  })

  it('names both axes, the rates and the limit of one minute', () => {
    const texts = [...draw().matchAll(/<text [^>]*>([^<]*)<\/text>/g)].map(([, content]) => content)
    for (const wanted of ['Messages sent a second', 'Follows offered a second', '5', '80', '100 ms', '10 s'])
      expect(texts).toContain(wanted)
    expect(texts.join()).toContain('one minute')
  })

  it('places equal factors of the rate at equal distances', () => {
    const xs = pointsOf(draw(), 0).map(({ x }) => x)
    const gaps = xs.slice(1).map((x, i) => x - (xs[i] ?? 0))
    for (const gap of gaps) expect(gap).toBeCloseTo(gaps[0] ?? 0, 0)
  })

  it('draws more messages higher, and a longer lateness higher', () => {
    const svg = draw()
    for (const line of [0, 1, 2]) {
      const ys = pointsOf(svg, line).map(({ y }) => y)
      expect(ys).toHaveLength(STEPS.length)
      expect(ys).toEqual([...ys].sort((a, b) => b - a))
    }
    const [half, most] = [pointsOf(svg, 1), pointsOf(svg, 2)]
    for (const [i, { y }] of half.entries()) expect(y).toBeGreaterThan(most[i]?.y ?? 0)
  })

  it('keeps every point inside its panel, also with extreme figures', () => {
    const svg = draw([step(1, 0.4, 1, 2), step(1_000, 870, 80_000, 3_600_000)])
    for (const { y } of pointsOf(svg, 0)) expect(y).toSatisfy((at: number) => at >= 92 && at <= 272)
    for (const line of [1, 2])
      for (const { y } of pointsOf(svg, line)) expect(y).toSatisfy((at: number) => at >= 362 && at <= 542)
  })

  it('draws a single step, and refuses to draw none', () => {
    expect(draw([step(20, 20, 100, 200)])).not.toMatch(/NaN|Infinity/)
    expect(() => draw([])).toThrow('at least one step')
  })

  it('has colours for light and for dark pages', () => {
    expect(draw()).toContain('@media (prefers-color-scheme: dark)')
  })
})

describe('the table of the load curve', () => {
  it('has the figures of the picture', () => {
    const rows = loadCurveTable(STEPS).split('\n')
    expect(rows).toHaveLength(2 + STEPS.length)
    expect(rows[5]?.split('|').map((cell) => cell.trim())).toEqual([
      '',
      '40',
      '800',
      '24.3',
      '7 s',
      '14 s',
      '40 ms',
      '0',
      '',
    ])
  })
})
