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

/** Runs the main function of a program. Exits with 2 and the message for errors that an operator can fix, else with 1 and the stack. */
export async function runProgram(main: () => Promise<void>): Promise<void> {
  allowSlowHandshakes()
  try {
    await main()
  } catch (err) {
    if (err instanceof Error && OPERATOR_ERRORS.includes(err.name)) {
      process.stderr.write(`${err.message}\n`)
      process.exit(2)
    }
    process.stderr.write(`${err instanceof Error ? err.stack : String(err)}\n`)
    process.exit(1)
  }
}
