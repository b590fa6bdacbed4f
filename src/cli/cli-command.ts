import { Command, type CommandUnknownOpts, type HelpConfiguration } from '@commander-js/extra-typings'

/** Where a command writes: results to `out`, everything else to `err`. */
export interface Terminal {
  out(text: string): void
  err(text: string): void
  /** Writes a part of a file to the results, without a line end, and waits until it is taken. */
  write(part: string): Promise<void>
}

/** The command line is invalid. The command that shows the usage is printed; the exit code is 2. */
export class UsageError extends Error {
  override name = 'UsageError'
}

/** The command failed. The exit code is 1; `--json` prints `details`. */
export class CommandError extends Error {
  override name = 'CommandError'
  readonly details: unknown
  constructor(message: string, details?: unknown) {
    super(message)
    this.details = details ?? { error: { code: 'failed', message } }
  }
}

/** Sets the exit code after the output is printed. */
export class ExitCodeError extends Error {
  readonly exitCode: number
  constructor(exitCode: number) {
    super(`exit code ${exitCode}`)
    this.exitCode = exitCode
  }
}

/** The result of a command: `value` for `--json`, `text` for people; `failed` sets exit code 1. */
export interface Output {
  value: unknown
  text: string
  /** The command has written its result itself. `value` and `text` are not printed. */
  isPrinted?: boolean
  /** Written to standard error without `--json`. */
  notes?: readonly string[]
  failed?: boolean
}

const HELP: HelpConfiguration = { styleTitle: (title) => title.toUpperCase() }

/** A command with `--json`. Give it arguments and options, then an action made by {@link printing}. */
export function command(name: string, description: string) {
  return new Command(name)
    .description(description)
    .configureHelp(HELP)
    .option('--json', 'Print JSON, for scripts')
    .exitOverride()
}

/** Commands under one name, like `nurture account …`. */
export function commandGroup(name: string, description: string, commands: readonly CommandUnknownOpts[]) {
  const group = new Command(name).description(description).configureHelp(HELP).exitOverride()
  for (const each of commands) group.addCommand(each)
  return group
}

/**
 * The action of a command: runs it with its arguments and options, and prints what it returns.
 * @throws ExitCodeError when the output says that the command failed
 */
export function printing<Args extends unknown[]>(
  terminal: Terminal,
  run: (...args: Args) => Promise<Output> | Output,
): (...args: Args) => Promise<void> {
  return async (...args) => {
    // Commander passes the command itself last.
    const self = args.at(-1) as CommandUnknownOpts
    try {
      const output = await run(...args)
      print(terminal, output, self.opts().json === true)
    } catch (err) {
      if (err instanceof UsageError) self.error(err.message, { exitCode: 2 })
      throw err
    }
  }
}

function print(terminal: Terminal, output: Output, asJson: boolean): void {
  if (asJson && !output.isPrinted) terminal.out(JSON.stringify(output.value, null, 2))
  else {
    for (const note of output.notes ?? []) terminal.err(note)
    if (output.text && !output.isPrinted) terminal.out(output.text)
  }
  if (output.failed) throw new ExitCodeError(1)
}
