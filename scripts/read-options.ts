import { type ParseArgsConfig, parseArgs } from 'node:util'

/**
 * Reads the options of a development command with `parseArgs`. `--help` prints the usage and exits with 0. An unknown
 * option or argument prints one line and the usage, and exits with 2.
 */
export function readOptions<const T extends ParseArgsConfig>(usage: string, config: T) {
  const help = { type: 'boolean', short: 'h' } as const
  let parsed: ReturnType<typeof parseArgs<ParseArgsConfig>>
  try {
    parsed = parseArgs({ ...config, options: { ...config.options, help } })
  } catch (err) {
    // The first sentence has the cause. The others advise to write `--` before an argument.
    const [cause] = (err instanceof Error ? err.message : String(err)).split(/\.?(?:\n|\. |$)/)
    return exitWithUsage(usage, `${cause}.`)
  }
  if (parsed.values.help) {
    process.stdout.write(`${usage}\n`)
    process.exit(0)
  }
  // The spread loses the types of the options.
  return parsed as ReturnType<typeof parseArgs<T>>
}

/** Exits with 2 after one line and the usage. */
export function exitWithUsage(usage: string, message: string): never {
  process.stderr.write(`${message}\n${usage}\n`)
  process.exit(2)
}
