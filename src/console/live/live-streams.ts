import type { Principal } from '../../auth/principal.ts'
import type { Log } from '../../shared/log.ts'
import { SECOND_MS } from '../../shared/time-units.ts'
import type { View } from '../view.ts'

/** A part of a page by the id of its element. */
interface RenderedPart {
  id: string
  html: string
}

/** What is read once for all streams, and how a reader sees it. */
export interface LiveSource<T> {
  /** @param since epoch ms of the last reading; null: it is the first */
  read(since: number | null): Promise<T>
  render(value: T, view: View): Promise<RenderedPart[]>
}

export interface StreamRequest {
  view: View
  principal: Principal
  /** Whether the session still exists, and with which user. */
  principalNow(): Promise<Principal | null>
}

export interface LiveStreams {
  /** A stream of Server-Sent Events; null when there are too many. */
  open(request: StreamRequest): ReadableStream<Uint8Array> | null
  readonly count: number
}

/** At most one message a second for each stream. */
const TICK_MS = SECOND_MS
/** Without changes. Shorter than the 10 s after which a page calls its data old. */
const HEARTBEAT_MS = 3 * SECOND_MS
const SESSION_CHECK_MS = 5 * SECOND_MS
/** A tab with a stream that is not visible closes it, so this is many. */
const MOST_PER_USER = 8
const MOST_STREAMS = 200
/** Messages that a client has not taken yet. With more, it gets the next state instead. */
const MOST_WAITING = 2

interface Stream {
  request: StreamRequest
  /** How the reader sees the page. Readers with the same key share what is rendered. */
  key: string
  controller: ReadableStreamDefaultController<Uint8Array>
  /** What the page has, by the id of the part. */
  sent: Map<string, string>
  lastMessageAt: number
  checkedAt: number
}

/**
 * The live streams of one page. All streams of this process share one reading of the store each second, and none is made while
 * nobody watches. A stream gets the parts that differ from those it has; the first message has all of them.
 * @param deps.clock monotonic, ms
 */
export function createLiveStreams<T>(
  source: LiveSource<T>,
  deps: { log: Pick<Log, 'warn'>; now(): number; clock?(): number; tickMs?: number },
): LiveStreams {
  return new SharedStreams(source, { clock: () => performance.now(), tickMs: TICK_MS, ...deps })
}

class SharedStreams<T> implements LiveStreams {
  readonly #source: LiveSource<T>
  readonly #deps: { log: Pick<Log, 'warn'>; now(): number; clock(): number; tickMs: number }
  readonly #streams = new Set<Stream>()
  #timer: NodeJS.Timeout | null = null
  #lastReadAt: number | null = null

  constructor(
    source: LiveSource<T>,
    deps: { log: Pick<Log, 'warn'>; now(): number; clock(): number; tickMs: number },
  ) {
    this.#source = source
    this.#deps = deps
  }

  get count(): number {
    return this.#streams.size
  }

  open(request: StreamRequest): ReadableStream<Uint8Array> | null {
    const ofUser = [...this.#streams].filter((s) => s.request.principal.actor === request.principal.actor)
    if (this.#streams.size >= MOST_STREAMS || ofUser.length >= MOST_PER_USER) return null
    let stream: Stream | undefined
    return new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          const { view, principal } = request
          const key = `${view.language} ${principal.role}`
          const at = this.#deps.clock()
          stream = { request, key, controller, sent: new Map(), lastMessageAt: at, checkedAt: at }
          this.#streams.add(stream)
          this.#schedule(0)
        },
        cancel: () => {
          if (stream) this.#streams.delete(stream)
        },
      },
      { highWaterMark: MOST_WAITING },
    )
  }

  #schedule(ms: number): void {
    if (this.#timer !== null || this.#streams.size === 0) return
    this.#timer = setTimeout(async () => {
      await this.#tick().catch((err) => this.#deps.log.warn({ err }, 'live pages were not updated'))
      this.#timer = null
      this.#schedule(this.#deps.tickMs)
    }, ms)
    // A stream must not keep a process that stops.
    this.#timer.unref()
  }

  async #tick(): Promise<void> {
    await this.#endSessions()
    if (this.#streams.size === 0) {
      this.#lastReadAt = null
      return
    }
    const since = this.#lastReadAt
    this.#lastReadAt = this.#deps.now()
    const value = await this.#source.read(since)
    const rendered = new Map<string, RenderedPart[]>()
    for (const stream of this.#streams) {
      const parts = rendered.get(stream.key) ?? (await this.#source.render(value, viewOf(stream)))
      rendered.set(stream.key, parts)
      this.#send(stream, parts)
    }
  }

  /** Ends the streams whose user has signed out or was disabled. A changed role counts from now on. */
  async #endSessions(): Promise<void> {
    const now = this.#deps.clock()
    const due = [...this.#streams].filter(({ checkedAt }) => now - checkedAt >= SESSION_CHECK_MS)
    await Promise.all(
      due.map(async (stream) => {
        stream.checkedAt = now
        const principal = await stream.request.principalNow()
        if (!principal) {
          this.#write(stream, 'event: signed-out\ndata: -\n\n')
          this.#end(stream)
        } else if (principal.role !== stream.request.principal.role) {
          stream.request = { ...stream.request, principal }
          stream.key = `${stream.request.view.language} ${principal.role}`
        }
      }),
    )
  }

  #send(stream: Stream, parts: readonly RenderedPart[]): void {
    // A slow client keeps what it has.
    if ((stream.controller.desiredSize ?? 0) <= 0) return
    const changed = parts.filter(({ id, html }) => stream.sent.get(id) !== html)
    if (changed.length > 0) {
      if (!this.#write(stream, message(changed))) return
      for (const { id, html } of changed) stream.sent.set(id, html)
    } else if (this.#deps.clock() - stream.lastMessageAt >= HEARTBEAT_MS)
      this.#write(stream, 'event: alive\ndata: -\n\n')
  }

  #write(stream: Stream, text: string): boolean {
    try {
      stream.controller.enqueue(new TextEncoder().encode(text))
      stream.lastMessageAt = this.#deps.clock()
      return true
    } catch {
      // The client is gone.
      this.#streams.delete(stream)
      return false
    }
  }

  #end(stream: Stream): void {
    this.#streams.delete(stream)
    try {
      stream.controller.close()
    } catch {
      // It was closed by the client.
    }
  }
}

function viewOf({ request }: Stream): View {
  return { ...request.view, principal: request.principal, notice: null }
}

/** The parts as htmx swaps them: each replaces the element with its id, and focus, scrolling and open details stay. */
function message(parts: readonly RenderedPart[]): string {
  const html = parts
    .map(({ id, html }) => `<hx-partial hx-target="#${id}" hx-swap="outerMorph">${html}</hx-partial>`)
    .join('')
  const lines = html.split(/\r\n|\r|\n/)
  return `${lines.map((line) => `data: ${line}`).join('\n')}\n\n`
}
