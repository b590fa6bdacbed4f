import { setDefaultAutoSelectFamilyAttemptTimeout } from 'node:net'

/** Per address of a host name. Node's default of 250 ms aborts slow handshakes (nodejs/node 54359). */
const CONNECT_ATTEMPT_TIMEOUT_MS = 2_500
/** Errors that an operator can fix. Their message says what to do. */
const OPERATOR_ERRORS = [
  'ConfigError',
  'PortInUseError',
  'NoTemporalServerError',
  'DataDirInUseError',
  'OutdatedStoreError',
]

/** Applies to everything that opens connections: the store's client, fetch, exporters. */
export function allowSlowHandshakes(): void {
  setDefaultAutoSelectFamilyAttemptTimeout(CONNECT_ATTEMPT_TIMEOUT_MS)
}

/** What the main function of a program receives. */
export interface ProgramContext {
  /** Registers what must stop when `main` fails. It stops after the reason has been printed, because it may take seconds. */
  onFailure(stop: () => Promise<void>): void
}

/** Runs the main function of a program. Exits with 2 and the message for errors that an operator can fix, else with 1 and the stack. */
export async function runProgram(main: (program: ProgramContext) => Promise<void>): Promise<void> {
  allowSlowHandshakes()
  const stops: (() => Promise<void>)[] = []
  try {
    await main({ onFailure: (stop) => void stops.push(stop) })
  } catch (err) {
    const isOperatorError = err instanceof Error && OPERATOR_ERRORS.includes(err.name)
    const text = err instanceof Error ? (isOperatorError ? err.message : err.stack) : String(err)
    process.stderr.write(`${text}\n`)
    await Promise.allSettled(stops.map((stop) => stop()))
    process.exit(isOperatorError ? 2 : 1)
  }
}
