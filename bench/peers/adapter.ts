/** A message that waits. Every design gets the same. */
export interface Message {
  id: string
  /** Epoch ms. */
  dueAt: number
  /** The wait that was asked for, ms. */
  delayMs: number
  text: string
}

/** What the worker program gives to an adapter. */
export interface AdapterContext {
  /** The URL of the server, or `host:port` of Temporal; '' for a design without a server. */
  url: string
  /** A folder that every worker of the run shares. */
  folder: string
  /** Sends a message to the receiver, once. @throws Error when the receiver did not confirm it */
  send(message: Message): Promise<void>
  /** Notes an error after which the design goes on. */
  onError(err: unknown): void
  /** Imports a library of `libraries/package.json`. `T` declares what the adapter uses of it. */
  library<T>(name: string): Promise<T>
}

/** A design at work in the worker program. */
interface OpenAdapter {
  /** Resolves once the message is kept as durably as the design keeps messages. */
  schedule(message: Message): Promise<void>
  /** Absent where `canCancel` is false. */
  cancel?(id: string): Promise<void>
}

export type ServerName = 'postgres' | 'redis' | 'rabbitmq' | 'elasticmq' | 'temporal'

/** One design of a durable (or not so durable) timer, behind the worker program's HTTP calls. */
export interface Adapter {
  title: string
  /** The server that keeps the messages; null: the worker's memory. */
  server: ServerName | null
  /** Whether a single message can be cancelled. */
  canCancel: boolean
  /** Whether it imports from `libraries/package.json`. */
  usesLibrary?: boolean
  /** Whether its library requires Node 22. */
  needsNode22?: boolean
  /** How long after a restart an interrupted message may come again, ms. The story waits at least so long. */
  recoveryMs: number
  /** Settings that are not the defaults. */
  settings: string
  /** Fewer waiting messages, where scheduling is slow. */
  maxWaiting?: number
  open(context: AdapterContext): Promise<OpenAdapter>
}
