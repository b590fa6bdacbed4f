import type { accountView } from '../../api/views/account-view.ts'
import type { Role } from '../../auth/roles.ts'
import type { Account } from '../../store/accounts/account.ts'
import type { FormState } from '../components/forms.tsx'
import type { SETTINGS_TEXTS } from '../texts/account-settings-texts.ts'

type Texts = (typeof SETTINGS_TEXTS)['zh']
type AccountView = ReturnType<typeof accountView>
type Field = (name: string) => string
type OptOut = NonNullable<Account['optOut']>

/** One form of the settings: its fields, and the change of the account that they ask for. */
interface SettingsForm {
  /** The least role that may save it. */
  role: Role
  fields: readonly string[]
  /** What the fields show of the stored account. Secrets are not shown. */
  stored(account: AccountView): Record<string, string>
  /** The body of `PATCH /accounts/{appId}`, or what is wrong with the fields. */
  read(field: Field, account: Account, texts: Texts): object | { problems: FormState['problems'] }
  /** The field of a path in that body. */
  fieldOf(path: string): string
}

/** The lines of a text that are not empty. */
const linesOf = (text: string): string[] =>
  text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '')

const byPath =
  (fields: Readonly<Record<string, string>>) =>
  (path: string): string => {
    const known = Object.keys(fields).find((key) => path === key || path.startsWith(`${key}.`))
    return known === undefined ? '' : (fields[known] ?? '')
  }

const numberOf = (text: string): number | string => {
  const trimmed = text.trim()
  return /^-?\d+(\.\d+)?$/.test(trimmed) ? Number(trimmed) : trimmed
}

const orUndefined = (text: string): string | undefined => (text === '' ? undefined : text)

const ticked = (value: boolean): string => (value ? 'yes' : '')

const textOf = (reply: { text?: unknown } | undefined): string =>
  typeof reply?.text === 'string' ? reply.text : ''

const general: SettingsForm = {
  role: 'operator',
  fields: ['name', 'timezone', 'humanAgents'],
  stored: ({ name, timezone, humanAgents }) => ({ name, timezone, humanAgents: ticked(humanAgents) }),
  read: (field) => ({
    name: field('name').trim(),
    timezone: field('timezone').trim(),
    humanAgents: field('humanAgents') === 'yes',
  }),
  fieldOf: byPath({ name: 'name', timezone: 'timezone', humanAgents: 'humanAgents' }),
}

const limits: SettingsForm = {
  role: 'operator',
  fields: ['quietFrom', 'quietTo', 'capCount', 'capNumber', 'capUnit'],
  stored({ quietHours, cap }) {
    const [, capNumber = '24', capUnit = 'h'] = /^(\d+)(\w)$/.exec(cap?.per ?? '') ?? []
    return {
      quietFrom: quietHours?.from ?? '',
      quietTo: quietHours?.to ?? '',
      capCount: cap === null ? '' : String(cap.messages),
      capNumber,
      capUnit,
    }
  },
  read(field) {
    const [from, to] = [field('quietFrom').trim(), field('quietTo').trim()]
    const count = field('capCount').trim()
    return {
      quietHours: from === '' && to === '' ? null : { from, to },
      cap:
        count === ''
          ? null
          : { messages: numberOf(count), per: `${field('capNumber').trim()}${field('capUnit')}` },
    }
  },
  fieldOf: byPath({
    'quietHours.from': 'quietFrom',
    quietHours: 'quietTo',
    'cap.messages': 'capCount',
    cap: 'capNumber',
  }),
}

/** The reply of a field. One that is no text cannot be shown there, and stays. */
function replyOf(text: string, before: OptOut['reply']): OptOut['reply'] {
  if (before !== undefined && before.text === undefined) return before
  return text.trim() === '' ? undefined : { text }
}

const optOut: SettingsForm = {
  role: 'operator',
  fields: ['keywords', 'optOutReply', 'resumeWords', 'resumeReply'],
  stored: ({ optOut }) => ({
    keywords: optOut?.keywords.join('\n') ?? '',
    optOutReply: textOf(optOut?.reply),
    resumeWords: optOut?.resume?.join('\n') ?? '',
    resumeReply: textOf(optOut?.resumeReply),
  }),
  read(field, account) {
    const before = account.optOut
    const keywords = linesOf(field('keywords'))
    const resume = linesOf(field('resumeWords'))
    const reply = replyOf(field('optOutReply'), before?.reply)
    const resumeReply = replyOf(field('resumeReply'), before?.resumeReply)
    const isEmpty = [keywords, resume].every((words) => words.length === 0)
    if (isEmpty && field('optOutReply').trim() === '' && field('resumeReply').trim() === '')
      return { optOut: null }
    return {
      optOut: {
        keywords,
        ...(reply === undefined ? {} : { reply }),
        ...(resume.length === 0 ? {} : { resume }),
        ...(resumeReply === undefined ? {} : { resumeReply }),
      },
    }
  },
  fieldOf: (path) =>
    byPath({ keywords: 'keywords', reply: 'optOutReply', resume: 'resumeWords', resumeReply: 'resumeReply' })(
      path.replace(/^optOut\.?/, ''),
    ) || 'keywords',
}

const variables: SettingsForm = {
  role: 'operator',
  fields: ['variables'],
  stored: ({ variables }) => ({
    variables: Object.entries(variables)
      .map(([name, value]) => `${name}=${value}`)
      .join('\n'),
  }),
  read(field, _, texts) {
    const read = new Map<string, string>()
    for (const [i, line] of field('variables').split(/\r?\n/).entries()) {
      if (line.trim() === '') continue
      const at = line.indexOf('=')
      if (at < 0) return { problems: { variables: texts.lineWithoutSign(i + 1) } }
      const name = line.slice(0, at).trim()
      if (read.has(name)) return { problems: { variables: texts.repeatedName(name) } }
      read.set(name, line.slice(at + 1).trim())
    }
    return { variables: Object.fromEntries(read) }
  },
  fieldOf: byPath({ variables: 'variables' }),
}

const texts: SettingsForm = {
  role: 'admin',
  fields: ['keepDays'],
  stored: ({ keepTexts }) => ({ keepDays: keepTexts === null ? '' : String(keepTexts) }),
  read: (field) => ({ keepTexts: field('keepDays').trim() === '' ? null : numberOf(field('keepDays')) }),
  fieldOf: byPath({ keepTexts: 'keepDays' }),
}

const sending: SettingsForm = {
  role: 'admin',
  fields: ['rules', 'onUnknown', 'apiBase'],
  stored: ({ rules, onUnknown, apiBase }) => ({ rules, onUnknown, apiBase: apiBase ?? '' }),
  read: (field) => ({
    rules: field('rules'),
    onUnknown: field('onUnknown'),
    apiBase: field('apiBase').trim() === '' ? null : field('apiBase').trim(),
  }),
  fieldOf: byPath({ rules: 'rules', onUnknown: 'onUnknown', apiBase: 'apiBase' }),
}

const forward: SettingsForm = {
  role: 'admin',
  fields: ['forwardUrl', 'forwardToken', 'forwardAesKey', 'forwardMode', 'useReply'],
  stored: ({ forward }) => ({
    forwardUrl: forward?.url ?? '',
    forwardMode: forward?.mode ?? 'plain',
    useReply: ticked(forward?.useReply ?? false),
  }),
  read(field) {
    const url = field('forwardUrl').trim()
    // Secrets without an address are an error, which the call names.
    const hasSecrets = ['forwardToken', 'forwardAesKey'].some((name) => field(name).trim() !== '')
    if (url === '' && !hasSecrets) return { forward: null }
    return {
      forward: {
        url,
        token: field('forwardToken').trim(),
        encodingAesKey: field('forwardAesKey').trim() === '' ? null : field('forwardAesKey').trim(),
        mode: field('forwardMode'),
        useReply: field('useReply') === 'yes',
      },
    }
  },
  fieldOf: byPath({
    'forward.url': 'forwardUrl',
    'forward.token': 'forwardToken',
    'forward.encodingAesKey': 'forwardAesKey',
    'forward.mode': 'forwardMode',
    'forward.useReply': 'useReply',
    forward: 'forwardUrl',
  }),
}

const secrets: SettingsForm = {
  role: 'admin',
  fields: ['appSecret', 'token', 'encodingAesKey', 'mode'],
  stored: ({ mode }) => ({ mode }),
  read: (field) => ({
    appSecret: orUndefined(field('appSecret').trim()),
    token: orUndefined(field('token').trim()),
    encodingAesKey: orUndefined(field('encodingAesKey').trim()),
    mode: field('mode'),
  }),
  fieldOf: byPath({
    appSecret: 'appSecret',
    token: 'token',
    encodingAesKey: 'encodingAesKey',
    mode: 'mode',
  }),
}

/** The forms of an account's settings, by the last part of their address. */
export const SETTINGS_FORMS = {
  general,
  limits,
  optOut,
  variables,
  texts,
  sending,
  forward,
  secrets,
} as const
export type SettingsFormName = keyof typeof SETTINGS_FORMS

export const isSettingsForm = (name: string): name is SettingsFormName => Object.hasOwn(SETTINGS_FORMS, name)
