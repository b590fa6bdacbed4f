import type { Child } from 'hono/jsx'

/** Values with their names: in columns, each in a line of its own (`rows`), or side by side (`inline`). */
export const Facts = (props: { layout: 'three' | 'two' | 'one' | 'rows' | 'inline'; children?: Child }) => (
  <dl class={`facts ${props.layout}`}>{props.children}</dl>
)

/** A value with its name, among {@link Facts}. */
export const Fact = ({ name, children }: { name: string; children?: Child }) => (
  <div>
    <dt>{name}</dt>
    <dd>{children}</dd>
  </div>
)
