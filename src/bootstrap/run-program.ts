import { setDefaultAutoSelectFamilyAttemptTimeout } from 'node:net'

/** For each address of a host name, to connect: Node's own 250 ms cut slow handshakes (nodejs/node 54359). */
const CONNECT_ATTEMPT_TIMEOUT_MS = 2_500
/** Errors that an operator can fix: the message alone says what to do. */
const OPERATOR_ERRORS = [
  'ConfigError',
  'PortInUseError',
  'NoTemporalServerError',
  'DataDirInUseError',
  'OutdatedStoreError',
]

/** Gives slow handshakes time in everything that opens connections by itself: the store's client, fetch, exporters. */
export function allowSlowHandshakes(): void {
  setDefaultAutoSelectFamilyAttemptTimeout(CONNECT_ATTEMPT_TIMEOUT_MS)
}

/** Runs a program's main function. Exit code 2 and the message alone for errors that an operator can fix; else 1 and the stack. */
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
