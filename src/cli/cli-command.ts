import { type ArgsDef, type CommandDef, defineCommand, type ParsedArgs } from 'citty'

/** Where a command writes: results to `out`, everything else to `err`. */
export interface Terminal {
  out(text: string): void
  err(text: string): void
}

/** The command line makes no sense: exit code 2, with the usage. */
export class UsageError extends Error {
  override name = 'UsageError'
}

/** What was asked for could not be done: exit code 1. `details` is what `--json` shows. */
export class CommandError extends Error {
  override name = 'Failure'
  readonly details: unknown
  constructor(message: string, details?: unknown) {
    super(message)
    this.details = details ?? { error: { code: 'failed', message } }
  }
}

/** What a command gives back: `value` for `--json`, `text` for people; `failed` ends with exit code 1 all the same. */
export interface Output {
  value: unknown
  text: string
  /** Printed to stderr without `--json`. */
  notes?: readonly string[]
  failed?: boolean
}

const jsonOption = {
  jsonOption: { type: 'boolean', description: 'Print JSON, for scripts' },
} satisfies ArgsDef

/** One command of `nurture`: its arguments are checked (unknown ones refused), its output is one value. */
export function cliCommand<T extends ArgsDef>(options: {
  name: string
  description: string
  args: T
  /** @param rawArgs for options that may stand several times: the parser keeps the last one only */
  run(
    args: ParsedArgs<T & typeof jsonOption>,
    terminal: Terminal,
    rawArgs: readonly string[],
  ): Promise<Output> | Output
}): (terminal: Terminal) => CommandDef {
  const args: ArgsDef = { ...options.args, ...jsonOption }
  return (terminal) =>
    defineCommand({
      meta: { name: options.name, description: options.description },
      args,
      async run({ args: parsed, rawArgs }) {
        rejectUnknownOptions(args, rawArgs, parsed._)
        // citty's type of the parsed arguments is lost by the merge above; they are the ones defined.
        const output = await options.run(parsed as ParsedArgs<T & typeof jsonOption>, terminal, rawArgs)
        if (parsed.json) terminal.out(JSON.stringify(output.value, null, 2))
        else {
          for (const note of output.notes ?? []) terminal.err(note)
          if (output.text) terminal.out(output.text)
        }
        if (output.failed) throw new ExitCodeError(1)
      },
    }) as CommandDef
}

/** Everything was said already; only the exit code is left. */
export class ExitCodeError extends Error {
  readonly exitCode: number
  constructor(exitCode: number) {
    super('done')
    this.exitCode = exitCode
  }
}

function rejectUnknownOptions(
  args: ArgsDef,
  rawArgs: readonly string[],
  positionals: readonly string[],
): void {
  const known = new Set(Object.keys(args))
  for (const raw of rawArgs) {
    if (raw === '--') break
    const name = /^--(?:no-)?([^=]+)/.exec(raw)?.[1] ?? (/^-[A-Za-z]/.test(raw) ? raw : undefined)
    if (name && !known.has(name)) throw new UsageError(`Unknown option ${raw}`)
  }
  const expected = Object.values(args).filter((a) => a.type === 'positional').length
  if (positionals.length > expected)
    throw new UsageError(`Too many arguments: ${positionals.slice(expected).join(' ')}`)
}
