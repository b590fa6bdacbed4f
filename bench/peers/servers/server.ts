/** A server that the bench started. */
interface RunningServer {
  /** `host:port` on the loopback address. */
  address: string
  /** The URL for a client that reaches the server by this `host:port`. */
  url(address: string): string
  /** Bytes of the stored messages on disk; null: in memory only. */
  disk(): Promise<number | null>
  stop(): Promise<void>
}

/** Starts a server with its files in `folder`. */
export type StartServer = (folder: string, print: (line: string) => void) => Promise<RunningServer>
