import { isBlank } from '../../shared/text.ts'
import { eventList, type FileEvent, type FileEvents } from '../event-model.ts'
import type { Issue } from '../issue.ts'
import { entriesOf, forksOf, messagesOf, repliesOf, stepsOf } from '../items.ts'
import type { Message, Reply } from '../message-model.ts'
import type { Campaign } from '../model.ts'
import { type TargetAccount, targetAccounts } from '../target-accounts.ts'
import { createStepBudget, EMPTY_TEXTS_STEPS, type StepBudget } from './step-budget.ts'
import { accountVariablesIn, factsIn, namesIn, renderTemplate, type TemplateVariables } from './template.ts'

/** How many quoted words of a template are tried as values. */
const WORDS_MAX = 8
/** The budget of one template, a part of the budget of all. */
const STEPS_OF_ONE = EMPTY_TEXTS_STEPS / 10

/** A text that WeChat requires for its kind of message, or that a follower must see. */
type Required = [path: string, template: string]

/** Whether a variable has a text at a place in the campaign. */
type Fill = 'empty' | 'filled' | 'either'

/** The possible values of the variables at a place in the campaign. */
interface Possible {
  qrScene: Fill
  entryKey: Fill
  replyText: Fill
  answerText: Fill
  tags: Fill
  subscribeScene: Fill
  /** Whole days since entry and reply. */
  days: readonly number[]
  event: string
  /** Account variables that are empty for at least one account. */
  emptyAccountVariables: ReadonlySet<string>
}

/** The names of the variables in a template. */
const NAMES = {
  qrScene: 'qrScene',
  entryKey: 'entry.key',
  replyText: 'reply.text',
  answerText: 'answer.text',
  tags: 'follower.tags',
  subscribeScene: 'follower.subscribeScene',
} as const
type TextName = keyof typeof NAMES
const TEXT_NAMES = Object.keys(NAMES) as TextName[]

/**
 * Finds texts that can render to nothing. A text without variables that is always empty is an error. A text that is empty with
 * some values of its variables is a warning. Renders each template with possible values; the number of renderings is bounded,
 * so a rare case may be missed, but each finding is real.
 */
export function checkEmptyTexts(
  campaign: Campaign,
  accounts: readonly TargetAccount[] | undefined,
): { issues: Issue[]; warnings: Issue[] } {
  const issues: Issue[] = []
  const warnings: Issue[] = []
  const budget = createStepBudget(EMPTY_TEXTS_STEPS)
  const known = new Map<string, Emptiness | null>()
  const check = ([path, template]: Required, possible: Possible, consequence: string) => {
    const key = `${consequence}\n${template}`
    const before = known.get(key)
    const found =
      before === undefined ? emptiness(template, possible, createStepBudget(STEPS_OF_ONE, budget)) : before
    known.set(key, found)
    if (found === null) return
    if (found.always) issues.push({ path, message: ADDRESS.test(path) ? NO_ADDRESS : ALWAYS_EMPTY })
    else {
      const named = found.empty.join(' and ')
      const whenEmpty = found.fails ? `does not work when ${named} is empty` : `is empty when ${named} is`
      const when = named === '' ? found.when : `${whenEmpty}, and then`
      const message = ADDRESS.test(path)
        ? `${when} ${consequence}: give it another address by the filter default`
        : `${when} ${consequence}: write words around it, or a default`
      warnings.push({ path, message })
    }
  }
  const inStep = possibleInStep(campaign, emptyOwnVariables(campaign, accounts))
  const atOnce = { ...inStep, replyText: replyAtOnce(campaign), answerText: 'empty' as const, days: [0] }
  for (const { path, message, at } of placedReplies(campaign, atOnce))
    for (const text of requiredTexts(message, path)) check(text, at, 'the reply is omitted')
  for (const { path, message } of stepsOf(campaign).flatMap(messagesOf)) {
    for (const text of requiredTexts(message, path)) check(text, inStep, 'the step is skipped')
  }
  return { issues, warnings }
}

/** The replies of a campaign, each with the possible values of its variables. */
function placedReplies(campaign: Campaign, ofEntry: Possible) {
  const inAnswer = (on: FileEvents): Possible => {
    const events = eventList(on)
    return {
      ...ofEntry,
      qrScene: 'empty',
      entryKey: anyFill(events.map(({ event }) => (event === 'click' ? 'filled' : 'empty'))),
      replyText: anyFill(
        events.map((e) => (e.event === 'click' ? 'empty' : e.keywords ? 'filled' : 'either')),
      ),
      event: events[0]?.event ?? 'message',
    }
  }
  // An exit keyword is typed, or tapped on a menu message.
  const ofText: Possible = { ...ofEntry, qrScene: 'empty', entryKey: 'either', replyText: 'either' }
  return repliesOf(campaign).map(({ path, message }) => {
    const row = /^answers\.(\d+)/.exec(path)?.[1]
    const answer = row === undefined ? undefined : campaign.answers?.[Number(row)]
    return { path, message, at: answer ? inAnswer(answer.on) : path === 'reply' ? ofEntry : ofText }
  })
}

const ALWAYS_EMPTY = 'is always empty, and WeChat accepts no empty text: write a visible text'
const NO_ADDRESS = 'is always empty: write the address'

/** Words around an address make another address. */
const ADDRESS = /\.(?:url|path)$/

function requiredTexts(message: Message | Reply | undefined, at: string): Required[] {
  if (!message) return []
  const m: Message = message
  const found: [string, string | undefined][] = [
    ['text', m.text],
    ['news.title', m.news?.title],
    ['news.url', m.news?.url],
    ['music.url', m.music?.url],
    ['menu.head', m.menu?.head],
    ...(m.menu?.items ?? []).map(({ text }, i): [string, string] => [`menu.items.${i}.text`, text]),
    ['miniprogram.title', m.miniprogram?.title],
    ['miniprogram.path', m.miniprogram?.path],
  ]
  return found.flatMap(([path, text]): Required[] => (text === undefined ? [] : [[`${at}.${path}`, text]]))
}

/** The values in a step. The reply may be a picture or missing, and WeChat may know neither tags nor a scene. */
function possibleInStep(campaign: Campaign, emptyAccountVariables: ReadonlySet<string>): Possible {
  const entries = entriesOf(campaign)
  const ofCode = (entry: FileEvent): Fill => {
    const hasScene = entry.event === 'scan' || (entry.event === 'subscribe' && entry.qrScenes !== undefined)
    return hasScene ? 'filled' : entry.event === 'subscribe' ? 'either' : 'empty'
  }
  return {
    qrScene: anyFill(entries.map(ofCode)),
    entryKey: anyFill(entries.map((entry) => (entry.event === 'click' ? 'filled' : ofCode(entry)))),
    replyText: 'either',
    answerText: forksOf(campaign).length > 0 ? 'either' : 'empty',
    tags: 'either',
    subscribeScene: 'either',
    days: [0, 1, 30],
    event: entries[0]?.event ?? 'message',
    emptyAccountVariables,
  }
}

/** Whether `reply.text` is filled in the passive reply. It is the text of the entry: a follow, a scan and a picture have none. */
function replyAtOnce(campaign: Campaign): Fill {
  const fillOf = ({ event, keywords }: FileEvent): Fill => {
    if (event === 'message') return keywords ? 'filled' : 'either'
    return event === 'click' ? 'either' : 'empty'
  }
  return anyFill(entriesOf(campaign).map(fillOf))
}

/** A run begins by any of the entries. */
function anyFill(fills: readonly Fill[]): Fill {
  return new Set(fills).size === 1 ? (fills[0] ?? 'either') : 'either'
}

/** Variables that at least one account has left empty. A variable that an account lacks has a warning of its own. */
function emptyOwnVariables(
  campaign: Campaign,
  accounts: readonly TargetAccount[] | undefined,
): ReadonlySet<string> {
  const all = targetAccounts(campaign.accounts, accounts).flatMap((a) => Object.entries(a.variables ?? {}))
  return new Set(all.flatMap(([name, value]) => (value.trim() === '' ? [name] : [])))
}

/** How a template can render to nothing. */
interface Emptiness {
  /** Empty with any values. */
  always: boolean
  /** The variables that must be empty for it. */
  empty: string[]
  /** The predicate and conjunction of the message, for templates that are empty without an empty variable. */
  when: string
  /** It fails instead of being empty, for example for an index into an empty text. */
  fails: boolean
}

/** Renders a template with possible values. @returns null when no rendering is empty, or the budget is used up */
function emptiness(template: string, possible: Possible, budget: StepBudget): Emptiness | null {
  let names: string[]
  let own: string[]
  let facts: string[]
  try {
    names = namesIn(template)
    own = accountVariablesIn(template)
    facts = factsIn(template).map((name) => `fact.${name}`)
  } catch {
    // `checkTemplate` reports why.
    return null
  }
  const texts = TEXT_NAMES.filter((t) => names.some((n) => n.startsWith(NAMES[t])))
  const days = names.some((n) => n.startsWith('daysSince')) ? possible.days : possible.days.slice(0, 1)
  const words = wordsIn(template)
  // At this place every variable of the template is always empty.
  const here =
    names.length > 0 && names.every((n) => texts.some((t) => n === NAMES[t] && possible[t] === 'empty'))
  const when = here ? `is always empty because ${names.join(' and ')} is, so` : 'can be empty, and then'
  for (const empty of fewestFirst(texts, own, facts, possible)) {
    for (const day of days) {
      for (const word of words) {
        const text = tryRender(template, valuesOf(possible, own, facts, empty, day, word), budget)
        if (budget.spent >= budget.limit) return null
        if (text === null && empty.length > 0) return { always: false, empty, when, fails: true }
        if (text !== null && isBlank(text)) return { always: names.length === 0, empty, when, fails: false }
      }
    }
  }
  return null
}

/** The sets of variables to try as empty: none, each one alone, all together. */
function fewestFirst(
  texts: readonly TextName[],
  own: readonly string[],
  facts: readonly string[],
  possible: Possible,
): string[][] {
  const can = [
    ...texts.filter((t) => possible[t] === 'either').map((t) => NAMES[t]),
    ...own.filter((name) => possible.emptyAccountVariables.has(name)).map((name) => `account.${name}`),
    ...facts,
  ]
  return [[], ...can.map((name) => [name]), ...(can.length > 1 ? [can] : [])]
}

/** @param word the value of each text that is not empty */
function valuesOf(
  possible: Possible,
  own: readonly string[],
  facts: readonly string[],
  empty: readonly string[],
  day: number,
  word: string,
): TemplateVariables {
  const text = (name: TextName) => (possible[name] === 'empty' || empty.includes(NAMES[name]) ? '' : word)
  const accountValues = own.map((name) => [name, empty.includes(`account.${name}`) ? '' : word])
  return {
    account: { ...Object.fromEntries(accountValues), name: '示例账号', appId: 'wx0000000000000000' },
    qrScene: text('qrScene'),
    entry: { at: '2026-01-01T08:00:00', event: possible.event, key: text('entryKey') },
    reply: { text: text('replyText') },
    answer: { text: text('answerText') },
    fact: Object.fromEntries(
      facts.map((name) => [name.slice('fact.'.length), empty.includes(name) ? '' : word]),
    ),
    follower: { tags: text('tags'), subscribeScene: text('subscribeScene') },
    daysSinceEntry: day,
    daysSinceReply: day,
  }
}

/** An ordinary word, and the quoted words of the template, for conditions such as `{% if reply.text == '1' %}`. */
function wordsIn(template: string): string[] {
  if (!template.includes('{%')) return ['示例']
  const quoted = [...template.matchAll(/'([^']+)'|"([^"]+)"/g)].map((m) => m[1] ?? m[2] ?? '')
  return [...new Set(['示例', ...quoted])].slice(0, WORDS_MAX)
}

/** The rendered text; null when it cannot be rendered, for which `checkTemplate` reports the reason. */
function tryRender(template: string, values: TemplateVariables, budget: StepBudget): string | null {
  try {
    return renderTemplate(template, values, budget)
  } catch {
    return null
  }
}
