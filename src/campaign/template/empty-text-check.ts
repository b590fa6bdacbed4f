import { isBlank } from '../../shared/text.ts'
import type { Issue } from '../issue.ts'
import type { Campaign, Message, Reply } from '../model.ts'
import { type TargetAccount, targetAccounts } from '../target-accounts.ts'
import { createStepBudget, EMPTY_TEXTS_STEPS, type StepBudget } from './step-budget.ts'
import { accountVariablesIn, namesIn, renderTemplate, type TemplateVariables } from './template.ts'

/** So many words of a template's conditions are tried. */
const WORDS_MAX = 8
/** A part of the work, so that one template leaves some to the others. */
const STEPS_OF_ONE = EMPTY_TEXTS_STEPS / 10

/** A text without which WeChat takes no message of its kind, or people see none. */
type Required = [path: string, template: string]

/** Whether a variable has a text at its place. */
type Fill = 'empty' | 'filled' | 'either'

/** What the variables of a template can be at its place. */
interface Possible {
  qrScene: Fill
  entryKey: Fill
  replyText: Fill
  tags: Fill
  subscribeScene: Fill
  /** Whole days since entry and reply. */
  days: readonly number[]
  event: Campaign['entry']['event']
  /** The accounts' own variables, and which of them some account has left empty. */
  emptyAccountVariables: ReadonlySet<string>
}

/** How the variables are called in a template. */
const NAMES = {
  qrScene: 'qrScene',
  entryKey: 'entry.key',
  replyText: 'reply.text',
  tags: 'follower.tags',
  subscribeScene: 'follower.subscribeScene',
} as const
type TextName = keyof typeof NAMES
const TEXT_NAMES = Object.keys(NAMES) as TextName[]

/**
 * Texts that come out empty: one that names nothing is an error, one whose variables can be empty a warning. Each template is rendered with what its variables
 * can be at its place; how often is bounded, so a rare case may be missed, and what is told is true.
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
    if (found.always) issues.push({ path, message: `is always empty: ${ALWAYS}` })
    else {
      const named = found.empty.join(' and ')
      const whenEmpty = found.fails ? `does not work when ${named} is empty` : `is empty when ${named} is`
      const when = named === '' ? found.when : whenEmpty
      warnings.push({ path, message: `${when}: ${consequence}; write words around it, or a default` })
    }
  }
  const inStep = possibleInStep(campaign, emptyOwnVariables(campaign, accounts))
  const atOnce = { ...inStep, replyText: replyAtOnce(campaign), days: [0] }
  for (const text of requiredTexts(campaign.reply, 'reply')) check(text, atOnce, 'the reply is then left out')
  for (const [i, step] of campaign.steps.entries()) {
    for (const text of requiredTexts(step.send, `steps.${i}.send`))
      check(text, inStep, 'the step is then skipped')
  }
  return { issues, warnings }
}

const ALWAYS = 'nobody could see it, and WeChat takes no empty text'

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

/** In a step: the reply may be a picture, or not have come; WeChat may know no tag and no scene. */
function possibleInStep({ entry }: Campaign, emptyAccountVariables: ReadonlySet<string>): Possible {
  const { event } = entry
  const hasScene = event === 'scan' || (event === 'subscribe' && entry.qrScenes !== undefined)
  const ofCode: Fill = hasScene ? 'filled' : event === 'subscribe' ? 'either' : 'empty'
  return {
    qrScene: ofCode,
    entryKey: event === 'click' ? 'filled' : ofCode,
    replyText: 'either',
    tags: 'either',
    subscribeScene: 'either',
    days: [0, 1, 30],
    event,
    emptyAccountVariables,
  }
}

/** In the passive reply `reply.text` is the entry's own text: a follow and a scan have none, a picture neither. */
function replyAtOnce({ entry }: Campaign): Fill {
  if (entry.event === 'message') return entry.keywords ? 'filled' : 'either'
  return entry.event === 'click' ? 'either' : 'empty'
}

/** One that an account has not at all is told elsewhere. */
function emptyOwnVariables(
  campaign: Campaign,
  accounts: readonly TargetAccount[] | undefined,
): ReadonlySet<string> {
  const all = targetAccounts(campaign.accounts, accounts).flatMap((a) => Object.entries(a.variables ?? {}))
  return new Set(all.flatMap(([name, value]) => (value.trim() === '' ? [name] : [])))
}

interface Emptiness {
  always: boolean
  empty: string[]
  when: string
  fails: boolean
}

/**
 * Null where no try comes out empty. `empty` names the variables whose being empty makes it so, `when` says it of others;
 * `fails`: it cannot be rendered then, like a character that is not there.
 */
function emptiness(template: string, possible: Possible, budget: StepBudget): Emptiness | null {
  let names: string[]
  let own: string[]
  try {
    names = namesIn(template)
    own = accountVariablesIn(template)
  } catch {
    // The check of templates says why.
    return null
  }
  const texts = TEXT_NAMES.filter((t) => names.some((n) => n.startsWith(NAMES[t])))
  const days = names.some((n) => n.startsWith('daysSince')) ? possible.days : possible.days.slice(0, 1)
  const words = wordsIn(template)
  // All that it names is empty at this place, for ever.
  const here =
    names.length > 0 && names.every((n) => texts.some((t) => n === NAMES[t] && possible[t] === 'empty'))
  const when = here ? `is always empty here, where ${names.join(' and ')} is` : 'can be empty'
  for (const empty of fewestFirst(texts, own, possible)) {
    for (const day of days) {
      for (const word of words) {
        const text = tryRender(template, valuesOf(possible, own, empty, day, word), budget)
        if (budget.spent >= budget.limit) return null
        if (text === null && empty.length > 0) return { always: false, empty, when, fails: true }
        if (text !== null && isBlank(text)) return { always: names.length === 0, empty, when, fails: false }
      }
    }
  }
  return null
}

/** Names of what is empty: nothing, each alone, all of them. */
function fewestFirst(texts: readonly TextName[], own: readonly string[], possible: Possible): string[][] {
  const can = [
    ...texts.filter((t) => possible[t] === 'either').map((t) => NAMES[t]),
    ...own.filter((name) => possible.emptyAccountVariables.has(name)).map((name) => `account.${name}`),
  ]
  return [[], ...can.map((name) => [name]), ...(can.length > 1 ? [can] : [])]
}

/** @param word what every text is that is not empty */
function valuesOf(
  possible: Possible,
  own: readonly string[],
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
    follower: { tags: text('tags'), subscribeScene: text('subscribeScene') },
    daysSinceEntry: day,
    daysSinceReply: day,
  }
}

/** An ordinary word, and those that the template itself asks for: `{% if reply.text == '1' %}`. */
function wordsIn(template: string): string[] {
  if (!template.includes('{%')) return ['示例']
  const quoted = [...template.matchAll(/'([^']+)'|"([^"]+)"/g)].map((m) => m[1] ?? m[2] ?? '')
  return [...new Set(['示例', ...quoted])].slice(0, WORDS_MAX)
}

/** Null where it does not work: the check of templates says why. */
function tryRender(template: string, values: TemplateVariables, budget: StepBudget): string | null {
  try {
    return renderTemplate(template, values, budget)
  } catch {
    return null
  }
}
