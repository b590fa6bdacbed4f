import type { Child } from 'hono/jsx'
import { CHART_TEXTS } from '../texts/chart-texts.ts'
import { useText } from '../view.ts'

/** Colours of charts, see `charts.css`. Each has a word beside it. */
export type Tone = 'plot' | 'leaf' | 'violet' | 'teal' | 'amber' | 'red' | 'grey' | 'design'

/** One decimal is enough for shares of a drawing; it also keeps pages small. */
const place = (n: number) => String(Math.round(n * 100) / 100)

/**
 * A round number that is not below the largest value, so that the axis has round marks. At least 4: bars of one are not full height.
 */
function roundMaximum(values: readonly number[]): number {
  const largest = Math.max(4, ...values)
  const power = 10 ** Math.floor(Math.log10(largest))
  const step = [1, 2, 4, 5, 10].find((n) => n * power >= largest) ?? 10
  return step * power
}

interface BarsProps {
  /** What the chart shows, for readers of the screen. */
  label: string
  /** The parts of each bar, from the bottom up. */
  rows: readonly (readonly number[])[]
  tones: readonly Tone[]
  /** The value of the full height. Default: a round number above the largest bar. */
  max?: number
  /** Titles below the bars. Fewer than bars: each stands for as many bars. */
  ticks: readonly string[]
  format?(value: number): string
  small?: boolean
}

/** Bars of stacked parts, with axes. Shapes are SVG attributes, because pages have no style attributes; texts never stretch. */
export const Bars = ({ label, rows, tones, ticks, format = String, small = false, ...props }: BarsProps) => {
  const sums = rows.map((parts) => parts.reduce((sum, n) => sum + n, 0))
  const max = props.max ?? roundMaximum(sums)
  return (
    <div class={small ? 'chart small' : 'chart'}>
      <div class="chart-y" aria-hidden="true">
        <span>{format(max)}</span>
        <span>{format(max / 2)}</span>
        <span>{format(0)}</span>
      </div>
      <svg
        class="bars"
        viewBox={`0 0 ${Math.max(1, rows.length)} 100`}
        preserveAspectRatio="none"
        role="img"
        aria-label={label}
      >
        {[0, 50].map((y) => (
          <line class="grid" x1="0" x2={rows.length} y1={y} y2={y} />
        ))}
        {rows.map((parts, i) => (
          <Stack parts={parts} tones={tones} max={max} x={i} />
        ))}
        <line class="base" x1="0" x2={rows.length} y1="100" y2="100" />
      </svg>
      <div class="chart-x" aria-hidden="true">
        {ticks.map((tick) => (
          <span>{tick}</span>
        ))}
      </div>
    </div>
  )
}

const GAP = 0.22

/** One bar. */
const Stack = (props: { parts: readonly number[]; tones: readonly Tone[]; max: number; x: number }) => {
  let top = 100
  return (
    <>
      {props.parts.map((value, i) => {
        const height = (Math.max(0, value) / props.max) * 100
        if (height === 0) return null
        top -= height
        return (
          <rect
            class={`fill-${props.tones[i] ?? 'plot'}`}
            x={place(props.x + GAP / 2)}
            y={place(top)}
            width={place(1 - GAP)}
            height={place(height)}
          />
        )
      })}
    </>
  )
}

/** How much of a whole something is. The number stands beside it. */
export const Share = ({ value, of, tone = 'plot' }: { value: number; of: number; tone?: Tone }) => (
  <svg class="share" aria-hidden="true">
    <rect class="track" width="100%" height="100%" rx="3" />
    <rect
      class={`fill-${tone}`}
      width={`${place(of > 0 ? Math.min(100, (Math.max(0, value) / of) * 100) : 0)}%`}
      height="100%"
      rx="3"
    />
  </svg>
)

/** A line beside a figure: how it came about. */
export const Spark = ({ values }: { values: readonly number[] }) => {
  if (values.length < 2) return null
  const max = Math.max(1, ...values)
  const points = values.map((value, i) => ({
    x: place((i / (values.length - 1)) * 78 + 1),
    y: place(20 - (value / max) * 18),
  }))
  const last = points.at(-1)
  return (
    <svg class="spark" viewBox="0 0 80 22" aria-hidden="true">
      <polyline points={points.map(({ x, y }) => `${x},${y}`).join(' ')} />
      <circle cx={last?.x} cy={last?.y} r="2" />
    </svg>
  )
}

interface Part {
  name: string
  value: number
  tone: Tone
}

/** One bar of parts that together are its whole width. Its name says all parts. */
export const StackedBar = ({ label, parts }: { label: string; parts: readonly Part[] }) => {
  const shown = parts.filter(({ value }) => value > 0)
  const total = shown.reduce((sum, { value }) => sum + value, 0)
  const said = shown.map(({ name, value }) => `${name} ${value}`).join(', ')
  let x = 0
  return (
    <svg class="stacked" role="img" aria-label={said === '' ? label : `${label}: ${said}`}>
      {shown.map(({ value, tone }) => {
        const width = (value / total) * 100
        const start = x
        x += width
        return (
          <rect
            class={`fill-${tone}`}
            x={`${place(start)}%`}
            y="0"
            width={`${place(Math.max(width - 0.2, 0.4))}%`}
            height="100%"
          />
        )
      })}
    </svg>
  )
}

/** An interval on an axis from `min` to `max`, with a mark at zero. */
export const Interval = (props: {
  label: string
  low: number
  high: number
  value: number
  min: number
  max: number
}) => {
  const x = (value: number) => place(((value - props.min) / (props.max - props.min)) * 100)
  const tone = props.low > 0 || props.high < 0 ? 'leaf' : 'grey'
  return (
    <svg class="interval" role="img" aria-label={props.label}>
      <line class="base" x1={`${x(0)}%`} x2={`${x(0)}%`} y1="0" y2="100%" />
      <rect
        class={`fill-${tone} soft`}
        x={`${x(props.low)}%`}
        width={`${place(((props.high - props.low) / (props.max - props.min)) * 100)}%`}
        y="9"
        height="10"
        rx="5"
      />
      <circle class={`fill-${tone}`} cx={`${x(props.value)}%`} cy="14" r="5" />
    </svg>
  )
}

export const Legend = ({ items }: { items: readonly { tone: Tone; name: string }[] }) => (
  <ul class="legend">
    {items.map(({ tone, name }) => (
      <li>
        <svg class="swatch" aria-hidden="true">
          <rect class={`fill-${tone}`} width="100%" height="100%" rx="2" />
        </svg>
        {name}
      </li>
    ))}
  </ul>
)

/** The numbers of a chart, which everybody can read. */
export const AsTable = ({ children }: { children?: Child }) => (
  <details class="as-table">
    <summary>{useText(CHART_TEXTS).asTable}</summary>
    {children}
  </details>
)
