import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { z } from 'zod'
import {
  accountSettings,
  completeAccount,
  describeIssues,
  type PlatformSettings,
  platformSettings,
} from './callbacks/server-settings.ts'
import type { AccountOptions } from './state/model.ts'

/** The command line or the configuration file is not valid. The message says what to correct. */
export class UsageError extends Error {
  override name = 'UsageError'
}

export interface Command {
  port: number
  host: string
  /** Absent: no state is kept. */
  statePath: string | undefined
  allowedHosts: string[]
  accounts: AccountOptions[]
  platforms: PlatformSettings[]
}

const FIELDS = ['appId', 'appSecret', 'token', 'encodingAesKey', 'mode', 'format', 'callbackUrl'] as const
const file = z.strictObject({
  accounts: z.array(accountSettings).default([]),
  platforms: z.array(platformSettings).default([]),
})

export const HELP = `A local WeChat for development: API, callbacks and a phone page. 本地微信模拟器，用于开发调试。

  npm run simulator -- [options]

  --account LIST    an account: ${FIELDS.join(',')}
                    Trailing fields may be omitted; an empty field gets a generated value. Repeatable.
  --config FILE     accounts and platforms as JSON (SIMULATOR_CONFIG):
                    {"accounts": [{"appId": …, "token": …, "callbackUrl": …}],
                    "platforms": [{"appId", "appSecret", "token", "aesKey", "authorisationUrl", "callbackUrl"}]}
  --port N          default 3001; 0: any free port  (SIMULATOR_PORT)
  --host ADDRESS    default 127.0.0.1; no sign-in   (SIMULATOR_HOST)
  --allow-host NAME additional host name for pages and /_sim, beside IP addresses and localhost. Repeatable.
  --state FILE      keep followers, QR codes and accounts over restarts (SIMULATOR_STATE)
  --help            print this text

Modes: plain, compatible, security. Formats: xml, json. Without an account, one is created with generated credentials.
A callbackUrl is used without validation. WeChat's GET check runs at the start, and its result is printed.

  npm run simulator -- --account wxtest01,testsecret,testtoken,,plain,xml,http://127.0.0.1:8080/wechat
`

/**
 * Reads the command line. A variable of the environment applies where its flag is absent.
 * @returns 'help' when `--help` is given
 * @throws UsageError with the reason
 */
export function readCommand(args: readonly string[], env: NodeJS.ProcessEnv): Command | 'help' {
  const flags = readFlags(args)
  if (flags.help) return 'help'
  const config = readConfig(flags.config ?? env.SIMULATOR_CONFIG)
  const given = [...(flags.account ?? []).map(readAccount), ...config.accounts]
  const accounts = (
    given.length > 0 || config.platforms.length > 0 ? given : [accountSettings.parse({})]
  ).map(completeAccount)
  for (const { appId, mode, encodingAesKey } of accounts) {
    if (accounts.filter((a) => a.appId === appId).length > 1)
      throw new UsageError(`${appId} is given twice. Remove one of the accounts.`)
    if (mode !== 'plain' && !encodingAesKey)
      throw new UsageError(`${appId}: the mode ${mode} needs an encodingAesKey.`)
  }
  return {
    port: readPort(flags.port ?? env.SIMULATOR_PORT ?? '3001'),
    host: flags.host ?? env.SIMULATOR_HOST ?? '127.0.0.1',
    statePath: flags.state ?? env.SIMULATOR_STATE,
    allowedHosts: (flags['allow-host'] ?? []).map((name) => name.toLowerCase()),
    accounts,
    platforms: config.platforms,
  }
}

function readFlags(args: readonly string[]) {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        account: { type: 'string', multiple: true },
        config: { type: 'string' },
        port: { type: 'string' },
        host: { type: 'string' },
        'allow-host': { type: 'string', multiple: true },
        state: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    })
    return values
  } catch (err) {
    const message = err instanceof Error ? err.message : String(err)
    throw new UsageError(`${message.replace(/\.?$/, '.')} See --help.`)
  }
}

function readAccount(list: string): z.output<typeof accountSettings> {
  const values = list.split(',')
  // A URL may contain commas. It is the last field.
  const url = values.slice(FIELDS.length - 1).join(',')
  const fields = FIELDS.map((name, i) => [name, name === 'callbackUrl' ? url : (values[i] ?? '')] as const)
  const given = Object.fromEntries(fields.map(([name, value]) => [name, value.trim()]).filter(([, v]) => v))
  const read = accountSettings.safeParse(given)
  if (read.success) return read.data
  throw new UsageError(`--account ${list}: ${describeIssues(read.error)}`)
}

function readConfig(path: string | undefined): z.output<typeof file> {
  if (path === undefined) return file.parse({})
  let text: string
  try {
    text = readFileSync(path, 'utf8').replace(/^\ufeff/, '')
  } catch (err) {
    throw new UsageError(`Cannot read ${path}: ${err instanceof Error ? err.message : String(err)}`)
  }
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (err) {
    throw new UsageError(`${path} is not valid JSON: ${err instanceof Error ? err.message : String(err)}`)
  }
  const read = file.safeParse(value)
  if (read.success) return read.data
  throw new UsageError(`${path}: ${describeIssues(read.error)}`)
}

function readPort(value: string): number {
  const port = Number(value)
  if (/^\d{1,5}$/.test(value) && port < 65_536) return port
  throw new UsageError(`The port must be a number from 0 to 65535, not ${value}.`)
}
