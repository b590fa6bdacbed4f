import { type CommandDef, defineCommand, renderUsage, runCommand } from 'citty'
import { ConfigError } from '../config/config.ts'
import { OutdatedStoreError } from '../store/migrate.ts'
import { CommandError, ExitCodeError, type Terminal, UsageError } from './cli-command.ts'
import { accountCommands } from './commands/account-commands.ts'
import { audit } from './commands/audit-command.ts'
import { campaignCommands } from './commands/campaign-commands.ts'
import { check } from './commands/check-command.ts'
import { followerCommands } from './commands/follower-commands.ts'
import { mediaCommands } from './commands/media-commands.ts'
import { menuCommands } from './commands/menu-commands.ts'
import { preview } from './commands/preview-command.ts'
import { qrcode } from './commands/qrcode-command.ts'
import { temporalCommands } from './commands/temporal-commands.ts'
import { tokenCommands } from './commands/token-commands.ts'
import { userCommands } from './commands/user-commands.ts'
import { adminCommands } from './direct-commands/admin-commands.ts'
import { deploy } from './direct-commands/deploy-command.ts'
import { keyCommands } from './direct-commands/key-commands.ts'
import { setup } from './direct-commands/setup-command.ts'

/** Runs one command line. Answers with the exit code: 0 done, 1 failed, 2 usage. Never throws. */
export async function runCli(rawArgs: string[], terminal: Terminal): Promise<number> {
  const root = commands(terminal)
  try {
    if (rawArgs.some((a) => a === '--help' || a === '-h')) {
      terminal.out(withoutColours(await usageOf(root, rawArgs)))
      return 0
    }
    await runCommand(root, { rawArgs })
    return 0
  } catch (err) {
    if (err instanceof ExitCodeError) return err.exitCode
    if (err instanceof CommandError) {
      terminal.err(rawArgs.includes('--json') ? JSON.stringify(err.details, null, 2) : err.message)
      return 1
    }
    if (err instanceof ConfigError || err instanceof OutdatedStoreError) {
      terminal.err(err.message)
      return 2
    }
    if (err instanceof UsageError || (err instanceof Error && err.name === 'CLIError')) {
      terminal.err(`${withoutColours(err.message)}\n\n${withoutColours(await usageOf(root, rawArgs))}`)
      return 2
    }
    terminal.err(err instanceof Error ? (err.stack ?? err.message) : String(err))
    return 1
  }
}

function commands(terminal: Terminal): CommandDef {
  const group = (name: string, description: string, subs: Record<string, (t: Terminal) => CommandDef>) =>
    defineCommand({
      meta: { name, description },
      subCommands: Object.fromEntries(Object.entries(subs).map(([key, make]) => [key, make(terminal)])),
    })
  return defineCommand({
    meta: { name: 'nurture', description: 'Follow-up messages for WeChat Official Accounts 公众号粉丝培育' },
    subCommands: {
      check: check(terminal),
      preview: preview(terminal),
      setup: setup(terminal),
      deploy: deploy(terminal),
      account: group('account', 'Official Accounts 公众号', accountCommands),
      campaign: group('campaign', 'Campaigns 活动', campaignCommands),
      engine: group('engine', 'The Temporal that runs live in 引擎', temporalCommands),
      follower: group('follower', "One follower's series 粉丝", followerCommands),
      menu: group('menu', "An account's custom menu 自定义菜单", menuCommands),
      qrcode: qrcode(terminal),
      key: group('key', 'The key that secrets are sealed with 密钥', keyCommands),
      media: group('media', 'Pictures, voices and videos 素材', mediaCommands),
      admin: group('admin', 'The first admin 管理员', adminCommands),
      user: group('user', 'People who sign in to the console 用户', userCommands),
      token: group('token', 'API tokens of scripts and command lines 令牌', tokenCommands),
      audit: audit(terminal),
    },
  })
}

/** The usage of the command that the line names, as far as it names one. */
async function usageOf(root: CommandDef, rawArgs: readonly string[]): Promise<string> {
  let current = root
  let name = 'nurture'
  for (const word of rawArgs.filter((a) => !a.startsWith('-'))) {
    const subs = (current.subCommands ?? {}) as Record<string, CommandDef>
    const next = subs[word]
    if (!next) break
    current = next
    name = `${name} ${word}`
  }
  const meta = current.meta as { description?: string }
  return renderUsage({ ...current, meta: { ...meta, name } })
}

/** Without the terminal's colours: usage goes to files and pipes as well. */
function withoutColours(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colour codes begin with the escape character
  return text.replace(/\u001b\[[0-9;]*m/g, '')
}
