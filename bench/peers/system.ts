import type { Arrival } from './receiver.ts'

/** Addresses of the servers: direct, or those of the proxies in front of them. */
export type Route = 'direct' | 'proxied'

/** A design that the story is played on: its process, and the receiver of its messages. */
export interface System {
  /** How long after a restart an interrupted message may come again, ms. */
  recoveryMs: number
  maxWaiting?: number
  /** Whether there is a connection to a store that can be dropped. */
  hasStore: boolean
  /** Starts the process. Resolves when it accepts messages. */
  start(route: Route): Promise<void>
  /** kill -9. Resolves when the process is gone. */
  kill(): Promise<void>
  stop(): Promise<void>
  /**
   * Schedules a message by HTTP. @returns when it is due, epoch ms
   * @throws Error when it was not accepted
   */
  accept(id: string, delayMs: number): Promise<number>
  /** null: this design cannot cancel. */
  cancel: ((id: string) => Promise<void>) | null
  /** Resolves when everything that was accepted waits in its final place. */
  settle(): Promise<void>
  arrivals(): readonly Arrival[]
  /** Time from the arrival of a message to the receiver's answer, ms. */
  delayAnswers(ms: number): void
  /** Breaks every connection to the store, and accepts none until `on`. */
  connections: { off(): Promise<void>; on(): Promise<void> }
  /** Bytes of process and servers together. */
  memory(): Promise<number>
  /** Bytes of the stored messages on disk; null: it stores none. */
  disk(): Promise<number | null>
}

/** Where a design keeps its files, and where it reports. */
interface SystemOptions {
  /** Of this round alone. */
  folder: string
  /** Of all rounds of a run. */
  sharedFolder: string
  print(line: string): void
}

/** Starts the servers of a design. @throws NotAvailableError when this machine lacks something that it needs */
export type OpenSystem = (options: SystemOptions) => Promise<System>
