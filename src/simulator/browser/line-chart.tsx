/** A line of a chart. null: no value at that time. */
interface Line {
  name: string
  tone: 'plot' | 'leaf' | 'violet' | 'amber'
  values: readonly (number | null)[]
  /** The newest value, for the legend. */
  now: string
}

interface LineChartProps {
  title: string
  lines: readonly Line[]
  stepMs: number
  format(value: number): string
  /** The words for the table: its summary, and the heading of its first column; and the unit of time. */
  words: { asTable: string; second: string; unit: string }
}

const MOST_ROWS = 20

/** Lines over time with axes and a table. Shapes are SVG attributes, because pages have no style attributes. */
export const LineChart = ({ title, lines, stepMs, format, words }: LineChartProps) => {
  const count = Math.max(2, ...lines.map((l) => l.values.length))
  const max = roundMaximum(lines.flatMap((l) => l.values.filter((v) => v !== null)))
  const seconds = ((count - 1) * stepMs) / 1000
  const label = `${title}: ${lines.map((l) => `${l.name} ${l.now}`).join(', ')}`
  return (
    <figure class="line-chart">
      <figcaption>
        <b>{title}</b>
        <ul class="legend">
          {lines.map(({ name, tone, now }) => (
            <li key={name}>
              <svg class="swatch" aria-hidden="true">
                <rect class={`fill-${tone}`} width="100%" height="100%" rx="2" />
              </svg>
              {name} {now}
            </li>
          ))}
        </ul>
      </figcaption>
      <div class="chart small">
        <div class="chart-y" aria-hidden="true">
          {[max, max / 2, 0].map((value) => (
            <span key={value}>{format(value)}</span>
          ))}
        </div>
        <svg
          class="bars"
          viewBox={`0 0 ${count - 1} 100`}
          preserveAspectRatio="none"
          role="img"
          aria-label={label}
        >
          {[0, 50].map((y) => (
            <line key={y} class="grid" x1="0" x2={count - 1} y1={y} y2={y} />
          ))}
          {lines.map(({ name, tone, values }) => (
            <path key={name} class={`line-${tone}`} d={pathOf(values, max)} />
          ))}
          <line class="base" x1="0" x2={count - 1} y1="100" y2="100" />
        </svg>
        <div class="chart-ends" aria-hidden="true">
          <span>0 {words.unit}</span>
          <span>
            {Math.round(seconds / 2)} {words.unit}
          </span>
          <span>
            {Math.round(seconds)} {words.unit}
          </span>
        </div>
      </div>
      <details class="as-table">
        <summary>{words.asTable}</summary>
        <Table lines={lines} count={count} stepMs={stepMs} format={format} second={words.second} />
      </details>
    </figure>
  )
}

interface TableProps {
  lines: readonly Line[]
  count: number
  stepMs: number
  format(value: number): string
  second: string
}

/** At most twenty rows, evenly spread. */
const Table = ({ lines, count, stepMs, format, second }: TableProps) => {
  const every = Math.ceil(count / MOST_ROWS)
  const rows = Array.from({ length: Math.ceil(count / every) }, (_, i) => i * every)
  const text = (value: number | null | undefined) => (value == null ? '–' : format(value))
  return (
    <table>
      <thead>
        <tr>
          <th>{second}</th>
          {lines.map(({ name }) => (
            <th key={name}>{name}</th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((i) => (
          <tr key={i}>
            <td data-title={second}>{Math.round((i * stepMs) / 1000)}</td>
            {lines.map(({ name, values }) => (
              <td key={name} data-title={name}>
                {text(values[i])}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  )
}

/** A gap where nothing is known. */
function pathOf(values: readonly (number | null)[], max: number): string {
  let isDown = false
  return values
    .map((value, x) => {
      if (value === null) {
        isDown = false
        return ''
      }
      const y = Math.round((100 - (value / max) * 100) * 100) / 100
      const command = isDown ? 'L' : 'M'
      // A value between two gaps is a short line.
      const alone = !isDown && (values[x + 1] ?? null) === null ? `h0.5` : ''
      isDown = true
      return `${command}${x} ${y}${alone}`
    })
    .join('')
}

/** A round number that is not below the largest value, so that the axis has round marks. */
function roundMaximum(values: readonly number[]): number {
  const largest = Math.max(1, ...values)
  const power = 10 ** Math.floor(Math.log10(largest))
  return ([1, 2, 4, 6, 8, 10].find((n) => n * power >= largest) ?? 10) * power
}
