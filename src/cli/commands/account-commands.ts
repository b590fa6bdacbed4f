import { InvalidArgumentError, Option } from '@commander-js/extra-typings'
import { isRecord } from '../../shared/is-record.ts'
import { joinSentences } from '../../shared/text.ts'
import { callApi, fetchAllPages, type ServerOptions, urlOption } from '../api-client.ts'
import { CommandError, command, commandGroup, printing, type Terminal, UsageError } from '../cli-command.ts'
import { collect, collectPairs, rulesOption, rulesOptionWith, toQuietHours } from '../option-parsers.ts'
import { table } from '../table.ts'
import { readUserSecret } from '../user-files.ts'

export const accountCommands = (terminal: Terminal) =>
  commandGroup('account', 'Official Accounts 公众号', [
    add(terminal),
    change(terminal),
    list(terminal),
    show(terminal),
    verify(terminal),
    setPaused(terminal, 'pause'),
    setPaused(terminal, 'resume'),
    remove(terminal),
  ])

interface AccountItem {
  appId: string
  name: string
  mode: string
  rules: string
  state: string
  stateReason: string | null
}

const SECRETS = 'JSON file {"appSecret", "token", "encodingAesKey"}; - reads standard input'
const FORWARD =
  'JSON file {"url", "token", "encodingAesKey", "mode", "useReply"}: a second URL that receives every event; none stops forwarding'

const OPT_OUT =
  'JSON file {"keywords", "reply", "resume", "resumeReply"}: the words that end the messages of all campaigns; none removes them'

const modeOption = () =>
  new Option('--mode <mode>', 'Message encryption mode 消息加解密方式').choices([
    'plain',
    'compatible',
    'security',
  ])
const onUnknownOption = new Option(
  '--on-unknown <action>',
  'What to do when it is unknown whether a message arrived',
).choices(['retry', 'assume-sent'])

const keepTextsOption = () =>
  new Option(
    '--keep-texts <days>',
    'For how many days the texts of followers are kept; none: not at all (the default)',
  ).argParser(toKeptDays)
const variableOption = () =>
  new Option('--var <key=value>', 'Template variable {{ account.key }}; may be repeated')
    .argParser(collectPairs)
    .default({}, 'none')
const quietHoursOrNone = () =>
  new Option(
    '--quiet-hours <from-to>',
    'Quiet hours of campaigns that name none, like 22:00-08:00, or none',
  ).argParser((text) => (text === 'none' ? null : toQuietHours(text)))

const removedVariableOption = () =>
  new Option('--remove-var <key>', 'Remove a template variable; may be repeated')
    .argParser(collect)
    .default([], 'none')

const accountCommand = (name: string, description: string) =>
  command(name, description).argument('<appId>', 'AppID of the account').addOption(urlOption)

/** `add` and `change`: the settings that an account is registered with. */
const settingsCommand = (name: string, description: string, rules = rulesOption) =>
  accountCommand(name, description)
    .option('--name <name>', 'Display name')
    .addOption(rules)
    .addOption(onUnknownOption)
    .option('--timezone <zone>', 'Time zone, like Asia/Shanghai')
    .option('--api-base <url>', "Another address of WeChat's API")
    .option('--human-agents', 'Pass messages that match no campaign to human agents')
    .option('--no-human-agents', 'Stop passing messages to human agents')
    .option('--opt-out <file>', OPT_OUT)
    .addOption(keepTextsOption())
    .option('--cap <messages/period>', 'Most unasked messages per follower, like 2/24h, or none')
    .addOption(quietHoursOrNone())
    .option('--forward <file>', FORWARD)
    .addOption(variableOption())
    .option('--verify', 'Verify the account with WeChat first')

const add = (terminal: Terminal) =>
  settingsCommand(
    'add',
    'Register an account. Secrets are read from a file or standard input, never from the command line',
  )
    .addOption(modeOption().default('security' as const))
    .requiredOption('--secrets <file>', SECRETS)
    .action(
      printing(terminal, async (appId, options) => {
        const account = await callApi<AccountItem>(options, {
          method: 'POST',
          path: '/api/accounts',
          query: { verify: options.verify ? 'true' : undefined },
          json: {
            appId,
            ...(await settingsOf(options)),
            variables: options.var,
            ...(await readSecrets(options.secrets)),
          },
        })
        const text = `${account.appId} ${account.name}: registered. Enter …/wechat/${account.appId} as the server URL at WeChat, then run: nurture account verify ${account.appId}`
        return { value: account, text }
      }),
    )

const change = (terminal: Terminal) =>
  settingsCommand(
    'change',
    'Change the settings of an account; settings that are not given stay as they are',
    rulesOptionWith("The account's rules"),
  )
    .addOption(modeOption())
    .option('--secrets <file>', SECRETS)
    .addOption(removedVariableOption())
    .action(
      printing(terminal, async (appId, options) => {
        const variables = await updatedVariables(appId, options)
        const account = await callApi<AccountItem>(options, {
          method: 'PATCH',
          path: pathOf(appId),
          query: { verify: options.verify ? 'true' : undefined },
          json: {
            ...(await settingsOf(options)),
            ...variables,
            ...(options.secrets ? await readSecrets(options.secrets) : {}),
          },
        })
        return { value: account, text: `${account.appId} ${account.name}: changed` }
      }),
    )

const list = (terminal: Terminal) =>
  command('list', 'List all accounts')
    .addOption(urlOption)
    .action(
      printing(terminal, async (options) => {
        const items = await fetchAllPages<AccountItem>(options, '/api/accounts')
        const rows = items.map((a) => [a.appId, a.name, a.mode, a.rules, a.state, a.stateReason])
        return { value: { items }, text: table(['appId', 'name', 'mode', 'rules', 'state', 'reason'], rows) }
      }),
    )

const show = (terminal: Terminal) =>
  accountCommand('show', 'Show one account').action(
    printing(terminal, async (appId, options) => {
      const account = await callApi<Record<string, unknown>>(options, { path: pathOf(appId) })
      const format = (v: unknown) => (typeof v === 'object' && v !== null ? JSON.stringify(v) : v)
      const rows = Object.entries(account).map(([field, value]) => [field, format(value)])
      return { value: account, text: table(['field', 'value'], rows) }
    }),
  )

const verify = (terminal: Terminal) =>
  accountCommand(
    'verify',
    'Verify an account with WeChat: secret, IP whitelist, certification, callback',
  ).action(
    printing(terminal, async (appId, options) => {
      const result = await callApi<{
        ok: boolean
        checks: { check: string; ok: boolean; message: string; remedy: string | null }[]
      }>(options, { method: 'POST', path: `${pathOf(appId)}/verify` })
      const rows = result.checks.map((c) => [
        c.ok ? 'ok' : 'FAILED',
        c.check,
        joinSentences(c.message, c.remedy),
      ])
      return { value: result, text: table(['', 'check', ''], rows), failed: !result.ok }
    }),
  )

const remove = (terminal: Terminal) =>
  accountCommand('remove', 'Remove an account')
    .option('--cancel', 'Also end the runs of its followers')
    .action(
      printing(terminal, async (appId, { cancel, ...options }) => {
        await callApi(options, {
          method: 'DELETE',
          path: pathOf(appId),
          query: { cancel: cancel ? 'true' : undefined },
        })
        return { value: { appId, removed: true }, text: `${appId}: removed` }
      }),
    )

const setPaused = (terminal: Terminal, verb: 'pause' | 'resume') =>
  accountCommand(
    verb,
    verb === 'pause' ? 'Hold all messages of an account' : 'Resume sending after a pause or a stop',
  ).action(
    printing(terminal, async (appId, options) => {
      const state = verb === 'pause' ? 'paused' : 'active'
      const account = await callApi<AccountItem>(options, {
        method: 'PATCH',
        path: pathOf(appId),
        json: { state },
      })
      return { value: account, text: `${account.appId}: ${account.state}` }
    }),
  )

function pathOf(appId: string): string {
  return `/api/accounts/${encodeURIComponent(appId)}`
}

interface SettingsOptions {
  name?: string | undefined
  mode?: string | undefined
  rules?: string | undefined
  onUnknown?: string | undefined
  timezone?: string | undefined
  apiBase?: string | undefined
  humanAgents?: boolean | undefined
  optOut?: string | undefined
  keepTexts?: number | null | undefined
  cap?: string | undefined
  quietHours?: { from: string; to: string } | null | undefined
  forward?: string | undefined
}

/** The settings of the command line, as fields of the API. */
async function settingsOf(options: SettingsOptions): Promise<Record<string, unknown>> {
  const { name, mode, rules, onUnknown, timezone, apiBase, humanAgents, keepTexts } = options
  const optOut = options.optOut === undefined ? undefined : await readSetting('--opt-out', options.optOut)
  const forward = options.forward === undefined ? undefined : await readSetting('--forward', options.forward)
  const limits = { cap: readCap(options.cap), quietHours: options.quietHours }
  const all = {
    name,
    mode,
    rules,
    onUnknown,
    timezone,
    apiBase,
    humanAgents,
    optOut,
    keepTexts,
    forward,
    ...limits,
  }
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined))
}

/** @throws InvalidArgumentError */
function toKeptDays(text: string): number | null {
  if (text === 'none') return null
  const days = Number(text)
  if (/^\d+$/.test(text) && days >= 1 && days <= 365) return days
  throw new InvalidArgumentError('Write a number of days from 1 to 365, or none.')
}

/** @throws UsageError. The server checks the numbers. */
function readCap(text: string | undefined): { messages: number; per: string } | null | undefined {
  if (text === undefined) return undefined
  if (text === 'none') return null
  const [, messages, per] = /^(\d{1,6})\/(\w+)$/.exec(text) ?? []
  if (messages === undefined || per === undefined)
    throw new UsageError('--cap: write messages and period, like 2/24h, or none.')
  return { messages: Number(messages), per }
}

/** @throws UsageError when the file is not JSON */
async function readSetting(option: string, file: string): Promise<unknown> {
  if (file === 'none') return null
  try {
    return JSON.parse(await readUserSecret(file))
  } catch (err) {
    if (err instanceof SyntaxError) throw new UsageError(`${option}: ${file} is not JSON.`)
    throw err
  }
}

/** The account's variables with the changes of the command line. The API replaces all variables at once. */
async function updatedVariables(
  appId: string,
  options: ServerOptions & { var: Record<string, string>; removeVar: readonly string[] },
): Promise<{ variables?: Record<string, string> }> {
  const removed = new Set(options.removeVar)
  if (Object.keys(options.var).length === 0 && removed.size === 0) return {}
  const { variables } = await callApi<{ variables: Record<string, string> }>(options, { path: pathOf(appId) })
  const kept = Object.entries(variables).filter(([key]) => !removed.has(key))
  return { variables: { ...Object.fromEntries(kept), ...options.var } }
}

/** @throws CommandError when the file is not a JSON object; the message quotes nothing of it */
async function readSecrets(file: string): Promise<Record<string, unknown>> {
  const text = await readUserSecret(file)
  try {
    const value: unknown = JSON.parse(text)
    if (isRecord(value)) return { ...value }
  } catch {
    // The parser's message would quote the secrets.
  }
  throw new CommandError(
    '--secrets: the file must be a JSON object {"appSecret", "token", "encodingAesKey"}.',
  )
}
