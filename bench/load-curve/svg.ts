import type { LoadStep } from './load-step.ts'

const WIDTH = 760
const HEIGHT = 620
/** The plot of each panel, in pixels. */
const LEFT = 64
const RIGHT = 690
const THROUGHPUT = { top: 92, bottom: 272 }
const LATENESS = { top: 362, bottom: 542 }
/** Grid lines of a linear axis, at most. */
const MOST_TICKS = 5
/** The space above the highest point. */
const HEADROOM = 1.05
const IDEAL_POINTS = 24
/** WeChat allows a message within a minute after a follow. */
const MINUTE_MS = 60_000

/** Light and dark colours. A page shows the picture as an image, so they follow the reader's system. */
const STYLE = `
  svg { --surface: #ffffff; --ink: #1f2328; --muted: #59636e; --grid: #d9dee3; --one: #0b6bcb; --two: #b35900; }
  @media (prefers-color-scheme: dark) {
    svg { --surface: #0d1117; --ink: #f0f6fc; --muted: #9198a1; --grid: #30363d; --one: #58a6ff; --two: #e3964a; }
  }
  text { font: 13px system-ui, -apple-system, "Segoe UI", "Liberation Sans", sans-serif; fill: var(--muted); }
  .title { font-size: 17px; font-weight: 600; fill: var(--ink); }
  .panel { font-weight: 600; fill: var(--ink); }
  .surface { fill: var(--surface); }
  .grid { stroke: var(--grid); stroke-width: 1; }
  .limit { stroke: var(--muted); stroke-width: 1.5; stroke-dasharray: 2 4; fill: none; }
  .line { fill: none; stroke-width: 2; stroke-linejoin: round; stroke-linecap: round; }
  .one { stroke: var(--one); } .two { stroke: var(--two); }
  .dot { stroke: var(--surface); stroke-width: 2; } .dot.one { fill: var(--one); stroke: var(--surface); }
  .dot.two { fill: var(--two); stroke: var(--surface); }
  .label.one { fill: var(--one); stroke: none; } .label.two { fill: var(--two); stroke: none; }
  .label { font-weight: 600; }`

/** A scale from a value to a vertical position. */
type Scale = (value: number) => number
interface Tick {
  value: number
  text: string
}
interface Point {
  x: number
  y: number
  /** What a reader sees who points at it. */
  title: string
}

/**
 * Throughput and lateness against load as an SVG picture: two panels with a shared horizontal axis of doubling rates. It
 * needs no script and no font of its own.
 * @param machine a short description, for the subtitle
 * @throws Error without any step
 */
export function loadCurveSvg(steps: readonly LoadStep[], machine: string): string {
  if (steps.length === 0) throw new Error('a load curve needs at least one step')
  const across = horizontalScale(steps.map((step) => step.offered))
  const label = `Messages a second and lateness of the first message at ${steps.map((s) => s.offered).join(', ')} follows a second`
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escapeXml(label)}">`,
    `<style>${STYLE}\n</style>`,
    `<rect class="surface" width="${WIDTH}" height="${HEIGHT}" rx="6"/>`,
    text(24, 34, 'Throughput and lateness against load', 'title'),
    text(24, 54, machine),
    ...throughputPanel(steps, across),
    ...latenessPanel(steps, across),
    text((LEFT + RIGHT) / 2, HEIGHT - 18, 'Follows offered a second', 'panel', 'middle'),
    '</svg>\n',
  ].join('\n')
}

function throughputPanel(steps: readonly LoadStep[], across: Scale): string[] {
  const ticks = linearTicks(Math.max(...steps.map((s) => s.served)) * HEADROOM)
  const most = ticks.at(-1)?.value ?? 1
  const { top, bottom } = THROUGHPUT
  const up: Scale = (value) => bottom - (value / most) * (bottom - top)
  const points = steps.map((step) => ({
    x: across(step.offered),
    y: up(step.served),
    title: `${step.offered} follows a second: ${step.served.toFixed(1)} messages a second`,
  }))
  const from = Math.min(...steps.map((s) => s.offered))
  const to = Math.min(most, Math.max(...steps.map((s) => s.offered)))
  // Equal served and offered rates: a curve, because only the horizontal axis is logarithmic. It leaves the panel at its upper edge.
  const ideal = Array.from({ length: IDEAL_POINTS }, (_, i) => from * (to / from) ** (i / (IDEAL_POINTS - 1)))
  return [
    text(LEFT, top - 14, 'Messages sent a second', 'panel'),
    ...axes(THROUGHPUT, ticks, up, steps, across),
    text(RIGHT, top - 14, 'dotted: as many as are offered', '', 'end'),
    to > from
      ? `<path class="limit" d="${path(ideal.map((rate) => ({ x: across(rate), y: up(rate) })))}"/>`
      : '',
    ...series(points, 'one', 'sent', 0),
  ].filter(Boolean)
}

function latenessPanel(steps: readonly LoadStep[], across: Scale): string[] {
  const all = steps.flatMap(({ lateness }) => [lateness.p50, lateness.p99])
  const ticks = decades(Math.min(...all), Math.max(...all, MINUTE_MS))
  const [low, high] = [Math.log10(ticks[0]?.value ?? 1), Math.log10(ticks.at(-1)?.value ?? 10)]
  const { top, bottom } = LATENESS
  const up: Scale = (ms) => bottom - ((Math.log10(ms) - low) / (high - low)) * (bottom - top)
  const pointsOf = (key: 'p50' | 'p99') =>
    steps.map(({ offered, lateness }) => ({
      x: across(offered),
      y: up(lateness[key]),
      title: `${offered} follows a second: ${key} ${duration(lateness[key])}`,
    }))
  const [half, most] = [pointsOf('p50'), pointsOf('p99')]
  // Labels of lines that end close to each other must not overlap.
  const gap = (half.at(-1)?.y ?? 0) - (most.at(-1)?.y ?? 0)
  const shift = Math.max(0, (16 - gap) / 2)
  const limit = up(MINUTE_MS)
  return [
    text(LEFT, top - 14, 'From a follow to its message, logarithmic', 'panel'),
    ...axes(LATENESS, ticks, up, steps, across),
    `<path class="limit" d="M${LEFT} ${fixed(limit)}H${RIGHT}"/>`,
    text(LEFT + 6, limit + 15, 'dotted: one minute, in which WeChat allows a message after a follow'),
    ...series(half, 'one', 'p50', shift),
    ...series(most, 'two', 'p99', -shift),
  ]
}

function axes(
  { top, bottom }: { top: number; bottom: number },
  ticks: readonly Tick[],
  up: Scale,
  steps: readonly LoadStep[],
  across: Scale,
): string[] {
  return [
    ...ticks.flatMap(({ value, text: label }) => [
      `<path class="grid" d="M${LEFT} ${fixed(up(value))}H${RIGHT}"/>`,
      text(LEFT - 8, up(value) + 4, label, '', 'end'),
    ]),
    ...steps.flatMap(({ offered }) => [
      `<path class="grid" d="M${fixed(across(offered))} ${top}V${bottom + 5}"/>`,
      text(across(offered), bottom + 21, String(offered), '', 'middle'),
    ]),
  ]
}

function series(points: readonly Point[], colour: 'one' | 'two', label: string, shift: number): string[] {
  const last = points.at(-1)
  return [
    `<path class="line ${colour}" d="${path(points)}"/>`,
    ...points.map(
      ({ x, y, title }) =>
        `<circle class="dot ${colour}" cx="${fixed(x)}" cy="${fixed(y)}" r="5"><title>${escapeXml(title)}</title></circle>`,
    ),
    last ? text(last.x + 12, last.y + 4 + shift, label, `label ${colour}`) : '',
  ]
}

/** Equal distances for equal factors, because the rates double. */
function horizontalScale(rates: readonly number[]): Scale {
  const [least, most] = [Math.log2(Math.min(...rates)), Math.log2(Math.max(...rates))]
  const [from, to] = [LEFT + 40, RIGHT - 40]
  return (rate) =>
    most === least ? (from + to) / 2 : from + ((Math.log2(rate) - least) / (most - least)) * (to - from)
}

/** From 0 to the first round number at or above `most`. */
function linearTicks(most: number): Tick[] {
  const power = 10 ** Math.floor(Math.log10(Math.max(most, 1) / MOST_TICKS))
  const step = [1, 2, 5, 10].map((n) => n * power).find((size) => size * MOST_TICKS >= most) ?? power * 10
  const count = Math.max(1, Math.ceil(most / step))
  return Array.from({ length: count + 1 }, (_, i) => ({ value: i * step, text: String(i * step) }))
}

/** The powers of ten around these values, ms. */
function decades(least: number, most: number): Tick[] {
  const from = Math.floor(Math.log10(Math.max(least, 1)))
  const to = Math.max(from + 1, Math.ceil(Math.log10(most)))
  return Array.from({ length: to - from + 1 }, (_, i) => {
    const value = 10 ** (from + i)
    return { value, text: duration(value) }
  })
}

function duration(ms: number): string {
  return ms >= 1_000 ? `${Number((ms / 1_000).toPrecision(3))} s` : `${Math.round(ms)} ms`
}

function path(points: readonly { x: number; y: number }[]): string {
  return points.map(({ x, y }, i) => `${i === 0 ? 'M' : 'L'}${fixed(x)} ${fixed(y)}`).join('')
}

function text(x: number, y: number, content: string, classes = '', anchor = 'start'): string {
  const className = classes ? ` class="${classes}"` : ''
  return `<text x="${fixed(x)}" y="${fixed(y)}"${className} text-anchor="${anchor}">${escapeXml(content)}</text>`
}

const fixed = (pixels: number) => String(Math.round(pixels * 10) / 10)
const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }
const escapeXml = (content: string) => content.replace(/[&<>"]/g, (sign) => ENTITIES[sign] ?? sign)
