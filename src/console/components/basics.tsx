import type { Child } from 'hono/jsx'
import { timeInBeijing } from '../../shared/beijing-time.ts'
import { actorName } from '../texts/actor-name.ts'
import { SHELL_TEXTS } from '../texts/shell-texts.ts'
import { useText, useView } from '../view.ts'

type Tone = 'green' | 'amber' | 'red' | 'plain'

const TONES: Record<string, Tone> = {
  active: 'green',
  live: 'green',
  sent: 'green',
  taken: 'green',
  held: 'amber',
  paused: 'amber',
  sending: 'amber',
  waiting: 'amber',
  'quota-exhausted': 'amber',
  blocked: 'red',
  broken: 'red',
  unknown: 'red',
  'needs-authorisation': 'red',
}

/** The state of something. `state` is its value in the API. */
export const StatePill = ({ state, label }: { state: string; label: string }) => (
  <span class={`pill ${TONES[state] ?? 'plain'}`} title={state}>
    {label}
  </span>
)

/** Beijing time: WeChat's days and the operators use it. */
export const Time = ({ at }: { at: string }) => <time datetime={at}>{timeInBeijing(Date.parse(at))}</time>

/** For a cell of a table. */
export const timeCell = (at: string | null) => (at ? <Time at={at} /> : null)

/** Instead of a value that is missing. */
export const None = () => (
  <span class="quiet" title={useText(SHELL_TEXTS).none}>
    –
  </span>
)

/** Text of a person or a system, which is not translated: names, ids, files. */
export const Data = ({ children }: { children?: Child }) => <span translate="no">{children}</span>

/** The name of who has done something: a user, a token, or the administrator's token. For components only. */
export function useActorName(): (name: string) => string {
  const { language } = useView()
  return (name) => actorName(name, language)
}

/** Who has done something. */
export const Actor = ({ name }: { name: string }) => {
  const shown = useActorName()(name)
  return shown === name ? <Data>{name}</Data> : <span title={name}>{shown}</span>
}

/** An id, a command or a field, which a browser does not translate. */
export const Code = ({ children }: { children?: Child }) => <code translate="no">{children}</code>

/** What is not there yet, what it is for, and a command that adds it. */
export const Empty = ({ text, hint, command }: { text: string; hint?: string; command?: string }) => (
  <div class="empty">
    <p>{text}</p>
    {hint === undefined ? null : (
      <p class="quiet">
        {hint} {command === undefined ? null : <Code>{command}</Code>}
      </p>
    )}
  </div>
)

/** A link to the next page of a list, with the filters of this one. */
export const NextPage = ({
  cursor,
  query = {},
}: {
  cursor: string | null
  query?: Record<string, string>
}) => {
  const texts = useText(SHELL_TEXTS)
  if (!cursor) return null
  return (
    <p class="pages">
      <a class="button" href={`?${new URLSearchParams({ ...query, cursor })}`}>
        {texts.nextPage}
      </a>
    </p>
  )
}
