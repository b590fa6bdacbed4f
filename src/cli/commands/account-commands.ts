import type { ArgsDef } from 'citty'
import { callApi, serverOption } from '../api-client.ts'
import { CommandError, cliCommand, UsageError } from '../cli-command.ts'
import { parsePairs, repeatedOption } from '../option-parsers.ts'
import { table } from '../table.ts'
import { readUserSecret } from '../user-files.ts'

interface AccountItem {
  appId: string
  name: string
  mode: string
  rules: string
  state: string
  stateReason: string | null
}

const appId = { type: 'positional', required: true, description: 'AppID of the account' } as const
const pathOf = (id: string) => `/api/accounts/${encodeURIComponent(id)}`

const settings = {
  name: { type: 'string', description: 'Its name' },
  rules: { type: 'enum', options: ['wechat-2023', 'classic-48h'], description: 'Rules profile' },
  'on-unknown': {
    type: 'enum',
    options: ['retry', 'assume-sent'],
    description: 'When nobody knows whether a message arrived',
  },
  timezone: { type: 'string', description: 'Like Asia/Shanghai' },
  'api-base': { type: 'string', description: "Another address of WeChat's API", valueHint: 'url' },
  'human-agents': { type: 'boolean', description: 'Hand what no campaign wants to human agents' },
  forward: {
    type: 'string',
    description:
      'A JSON file {"url", "token", "encodingAesKey", "mode", "useReply"}: a second URL that is told of each event; none: no longer',
    valueHint: 'file',
  },
  var: {
    type: 'string',
    description: 'A variable for templates ({{ account.key }}); may stand several times',
    valueHint: 'key=value',
  },
  verify: { type: 'boolean', description: 'Try it at WeChat first' },
} satisfies ArgsDef
const MODES = ['plain', 'compatible', 'security'] as const
const SECRETS = 'A JSON file {"appSecret", "token", "encodingAesKey"}; - for standard input'

const add = cliCommand({
  name: 'add',
  description:
    'Register an account. Secrets come from a file or from standard input, never from the command line',
  args: {
    appId,
    mode: { type: 'enum', options: [...MODES], default: 'security', description: '消息加解密方式' },
    secrets: { type: 'string', required: true, description: SECRETS, valueHint: 'file' },
    ...settings,
    ...serverOption,
  },
  async run(args, _, rawArgs) {
    const variables = parsePairs('var', repeatedOption('var', rawArgs))
    const account = await callApi<AccountItem>(args, {
      method: 'POST',
      path: '/api/accounts',
      query: { verify: args.verify ? 'true' : undefined },
      json: {
        appId: args.appId,
        ...(await accountSettings(args)),
        variables,
        ...(await readSecrets(args.secrets)),
      },
    })
    return {
      value: account,
      text: `${account.appId} ${account.name}: registered. Enter …/wechat/${account.appId} as the server URL at WeChat, then: nurture account verify ${account.appId}`,
    }
  },
})

const change = cliCommand({
  name: 'change',
  description: 'Change what an account is registered with; what is not given stays',
  args: {
    appId,
    mode: { type: 'enum', options: [...MODES], description: '消息加解密方式' },
    secrets: { type: 'string', description: SECRETS, valueHint: 'file' },
    ...settings,
    'remove-var': {
      type: 'string',
      description: 'Take a variable away; may stand several times',
      valueHint: 'key',
    },
    ...serverOption,
  },
  async run(args, _, rawArgs) {
    const variables = await updatedVariables(args, rawArgs)
    const account = await callApi<AccountItem>(args, {
      method: 'PATCH',
      path: pathOf(args.appId),
      query: { verify: args.verify ? 'true' : undefined },
      json: {
        ...(await accountSettings(args)),
        ...variables,
        ...(args.secrets ? await readSecrets(args.secrets) : {}),
      },
    })
    return { value: account, text: `${account.appId} ${account.name}: changed` }
  },
})

const list = cliCommand({
  name: 'list',
  description: 'All accounts',
  args: { ...serverOption },
  async run(args) {
    const items = await fetchAllPages<AccountItem>(args, '/api/accounts')
    const rows = items.map((a) => [a.appId, a.name, a.mode, a.rules, a.state, a.stateReason])
    return { value: { items }, text: table(['appId', 'name', 'mode', 'rules', 'state', 'reason'], rows) }
  },
})

const show = cliCommand({
  name: 'show',
  description: 'One account',
  args: { appId, ...serverOption },
  async run(args) {
    const account = await callApi<Record<string, unknown>>(args, { path: pathOf(args.appId) })
    const shown = (v: unknown) => (typeof v === 'object' && v !== null ? JSON.stringify(v) : v)
    const rows = Object.entries(account).map(([field, value]) => [field, shown(value)])
    return { value: account, text: table(['field', 'value'], rows) }
  },
})

const verify = cliCommand({
  name: 'verify',
  description: 'Try an account at WeChat: secret, IP whitelist, certification, callback',
  args: { appId, ...serverOption },
  async run(args) {
    const found = await callApi<{
      ok: boolean
      checks: { check: string; ok: boolean; message: string; remedy: string | null }[]
    }>(args, { method: 'POST', path: `${pathOf(args.appId)}/verify` })
    const rows = found.checks.map((c) => [c.ok ? 'ok' : 'FAILED', c.check, sentences(c.message, c.remedy)])
    return { value: found, text: table(['', 'check', ''], rows), failed: !found.ok }
  },
})

const remove = cliCommand({
  name: 'remove',
  description: 'Remove an account',
  args: {
    appId,
    cancel: { type: 'boolean', description: 'End the runs of its followers too' },
    ...serverOption,
  },
  async run(args) {
    await callApi(args, {
      method: 'DELETE',
      path: pathOf(args.appId),
      query: { cancel: args.cancel ? 'true' : undefined },
    })
    return { value: { appId: args.appId, removed: true }, text: `${args.appId}: removed` }
  },
})

const setState = (verb: 'pause' | 'resume') =>
  cliCommand({
    name: verb,
    description: verb === 'pause' ? 'Keep all messages of an account back' : 'Go on after a pause or a stop',
    args: { appId, ...serverOption },
    async run(args) {
      const account = await callApi<AccountItem>(args, {
        method: 'PATCH',
        path: pathOf(args.appId),
        json: { state: verb === 'pause' ? 'paused' : 'active' },
      })
      return { value: account, text: `${account.appId}: ${account.state}` }
    },
  })

export const accountCommands = {
  add,
  change,
  list,
  show,
  verify,
  pause: setState('pause'),
  resume: setState('resume'),
  remove,
}

/** Every item of a list, page by page. */
export async function fetchAllPages<T>(
  args: { url?: string | undefined },
  path: string,
  query: Record<string, string | undefined> = {},
): Promise<T[]> {
  const items: T[] = []
  let cursor: string | undefined
  do {
    const page = await callApi<{ items: T[]; next: string | null }>(args, {
      path,
      query: { ...query, cursor, limit: '200' },
    })
    items.push(...page.items)
    cursor = page.next ?? undefined
  } while (cursor)
  return items
}

/** The settings that stand on the command line, by their names in the API. */
async function accountSettings(args: {
  name?: string
  mode?: string
  rules?: string
  'on-unknown'?: string
  timezone?: string
  'api-base'?: string
  'human-agents'?: boolean
  forward?: string
}): Promise<Record<string, unknown>> {
  const all = {
    name: args.name,
    mode: args.mode,
    rules: args.rules,
    onUnknown: args['on-unknown'],
    timezone: args.timezone,
    apiBase: args['api-base'],
    humanAgents: args['human-agents'],
    forward: args.forward === undefined ? undefined : await readForward(args.forward),
  }
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined))
}

/** @throws UsageError */
async function readForward(file: string): Promise<unknown> {
  if (file === 'none') return null
  try {
    return JSON.parse(await readUserSecret(file))
  } catch (err) {
    if (err instanceof SyntaxError) throw new UsageError(`--forward: ${file} is not JSON`)
    throw err
  }
}

/** The account's variables with those of the command line, which the API takes as a whole; nothing where none is named. */
async function updatedVariables(
  args: { appId: string; url?: string | undefined },
  rawArgs: readonly string[],
): Promise<{ variables?: Record<string, string> }> {
  const set = parsePairs('var', repeatedOption('var', rawArgs))
  const removed = new Set(repeatedOption('remove-var', rawArgs))
  if (Object.keys(set).length === 0 && removed.size === 0) return {}
  const { variables } = await callApi<{ variables: Record<string, string> }>(args, {
    path: pathOf(args.appId),
  })
  const kept = Object.entries(variables).filter(([key]) => !removed.has(key))
  return { variables: { ...Object.fromEntries(kept), ...set } }
}

async function readSecrets(file: string): Promise<Record<string, unknown>> {
  return parseSecrets(await readUserSecret(file))
}

/** What happened, then what to do, each as a sentence. */
function sentences(...parts: (string | null)[]): string {
  return parts.flatMap((p) => (p ? [/[.!?。]$/.test(p) ? p : `${p}.`] : [])).join(' ')
}

function parseSecrets(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value }
  } catch {
    // Told below; the parser's message would quote the secrets.
  }
  throw new CommandError(
    '--secrets: the file must be a JSON object {"appSecret", "token", "encodingAesKey"}.',
  )
}
