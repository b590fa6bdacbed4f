import { readFileSync } from 'node:fs'
import { CommanderError, type CommandUnknownOpts } from '@commander-js/extra-typings'
import { ConfigError } from '../config/config.ts'
import { OutdatedStoreError } from '../store/migrate.ts'
import { CommandError, commandGroup, ExitCodeError, type Terminal } from './cli-command.ts'
import { accountCommands } from './commands/account-commands.ts'
import { auditCommand } from './commands/audit-command.ts'
import { bulkCommands } from './commands/bulk-commands.ts'
import { campaignCommands } from './commands/campaign-commands.ts'
import { checkCommand } from './commands/check-command.ts'
import { draftCommands } from './commands/draft-commands.ts'
import { followerCommands } from './commands/follower-commands.ts'
import { hookCommands } from './commands/hook-commands.ts'
import { mediaCommands } from './commands/media-commands.ts'
import { menuCommands } from './commands/menu-commands.ts'
import { previewCommand } from './commands/preview-command.ts'
import { qrcodeCommand } from './commands/qrcode-command.ts'
import { temporalCommands } from './commands/temporal-commands.ts'
import { tokenCommands } from './commands/token-commands.ts'
import { userCommands } from './commands/user-commands.ts'
import { webhookCommands } from './commands/webhook-commands.ts'
import { adminCommands } from './direct-commands/admin-commands.ts'
import { deployCommand } from './direct-commands/deploy-command.ts'
import { keyCommands } from './direct-commands/key-commands.ts'
import { setupCommand } from './direct-commands/setup-command.ts'

/** In the order of the help. */
const COMMANDS: readonly ((terminal: Terminal) => CommandUnknownOpts)[] = [
  checkCommand,
  previewCommand,
  setupCommand,
  deployCommand,
  accountCommands,
  campaignCommands,
  draftCommands,
  temporalCommands,
  followerCommands,
  bulkCommands,
  webhookCommands,
  hookCommands,
  menuCommands,
  qrcodeCommand,
  keyCommands,
  mediaCommands,
  adminCommands,
  userCommands,
  tokenCommands,
  auditCommand,
]

/** Runs one command line. Returns the exit code: 0 for success, 1 for a failure, 2 for an invalid command line. Never throws. */
export async function runCli(args: string[], terminal: Terminal): Promise<number> {
  try {
    await createProgram(terminal).parseAsync(args, { from: 'user' })
    return 0
  } catch (err) {
    return reportError(err, terminal, args.includes('--json'))
  }
}

function createProgram(terminal: Terminal): CommandUnknownOpts {
  const commands = COMMANDS.map((create) => create(terminal))
  const description = 'Follow-up messages for WeChat Official Accounts 公众号粉丝培育'
  const program = commandGroup('nurture', description, commands).version(
    packageVersion(),
    '-V, --version',
    'Print the version',
  )
  writeTo(program, terminal)
  return program
}

/** The `version` of package.json. */
function packageVersion(): string {
  const file = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  return (JSON.parse(file) as { version: string }).version
}

/** Redirects help and usage errors of a command and its subcommands to the terminal. */
function writeTo(command: CommandUnknownOpts, terminal: Terminal, path = command.name()): void {
  command.showHelpAfterError(`To see the usage: ${path} --help`).configureOutput({
    writeOut: (text) => terminal.out(text.trimEnd()),
    writeErr: (text) => terminal.err(text.trimEnd()),
    // Commander begins its own messages with "error: ".
    outputError: (text, write) => write(errorText(text.replace(/^error: /, ''))),
  })
  for (const subcommand of command.commands) writeTo(subcommand, terminal, `${path} ${subcommand.name()}`)
}

/** Prints what Commander has not printed already. Returns the exit code. */
function reportError(err: unknown, terminal: Terminal, asJson: boolean): number {
  if (err instanceof ExitCodeError) return err.exitCode
  if (err instanceof CommanderError) return err.exitCode === 0 ? 0 : 2
  if (err instanceof CommandError) {
    terminal.err(asJson ? JSON.stringify(err.details, null, 2) : errorText(err.message))
    return 1
  }
  if (err instanceof ConfigError || err instanceof OutdatedStoreError) {
    terminal.err(errorText(err.message))
    return 2
  }
  terminal.err(errorText(err instanceof Error ? (err.stack ?? err.message) : String(err)))
  return 1
}

/** Every error of the command line begins in the same way. */
const errorText = (message: string): string => `Error: ${message.replace(/^\w*Error: /, '')}`
