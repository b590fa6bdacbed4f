import type { Template } from 'liquidjs'
import { withoutLoneSurrogates } from '../../shared/text.ts'
import { parseTemplate, runTemplate, TEMPLATE_MAX_CHARS, variablesIn } from './liquid.ts'
import { BudgetExceededError, createStepBudget, RENDER_STEPS, type StepBudget } from './step-budget.ts'

/** What a message's `{{ }}` may name. Nicknames are not among them: WeChat has not given them since 2021-12-27. */
export interface TemplateVariables {
  /** Name and appId, and the account's own variables. */
  account: { name: string; appId: string; [own: string]: string }
  /** The parametric code that the follower came by; '' without one. */
  qrScene: string
  entry: {
    /** ISO time in the account's zone, for the `date` filter. */
    at: string
    event: string
    key: string
  }
  /** The follower's first message; '' before it. */
  reply: { text: string }
  /** What WeChat knows of the follower, in a step that had to ask: '' elsewhere. */
  follower: { tags: string; subscribeScene: string }
  /** Whole days since the entry. */
  daysSinceEntry: number
  /** Whole days since the reply; 0 before it. */
  daysSinceReply: number
}

/** What an account's own variable may be called: `{{ account.<name> }}`. Its name and appId stay what they are. */
export function isAccountVariable(name: string): boolean {
  return /^[A-Za-z][A-Za-z0-9_]{0,31}$/.test(name) && name !== 'name' && name !== 'appId'
}

/** Every name that a template may use, for the docs and for error messages. */
export const TEMPLATE_VARIABLES = [
  'account.name',
  'account.appId',
  'qrScene',
  'entry.at',
  'entry.event',
  'entry.key',
  'reply.text',
  'follower.tags',
  'follower.subscribeScene',
  'daysSinceEntry',
  'daysSinceReply',
]

const SAMPLE: TemplateVariables = {
  account: { name: '示例账号', appId: 'wx0000000000000000' },
  qrScene: 'expo',
  entry: { at: '2026-01-01T08:00:00+08:00', event: 'subscribe', key: 'menu-1' },
  reply: { text: '1' },
  follower: { tags: 'VIP、老客户', subscribeScene: 'ADD_SCENE_QR_CODE' },
  daysSinceEntry: 1,
  daysSinceReply: 1,
}

/** A template that was read; what it names is found when somebody asks. */
interface Parsed {
  tree: Template[]
  names: string[] | null
}

const parsed = new Map<string, Parsed>()
let parsedChars = 0
/** Characters of all templates that are kept; a tree takes about a hundred times as many bytes. */
const CACHE_CHARS_MAX = 200_000
/** One reading, whatever stands in the template: to say why it cannot be read takes most. */
const STEPS_PER_READING = 40
/** Reading a template takes so many characters a step; finding the place of each of its parts looks at all of it. */
const READ_CHARS_PER_STEP = 4
const PLACED_CHARS_PER_STEP = 100
/** One rendering, whatever stands in the template. */
const STEPS_PER_RENDERING = 20
/** Far above what `RENDER_STEPS` take anywhere. */
const RENDER_LIMIT_MS = 2_000
const RENDER_TRIES = 3

/**
 * Renders a template; throws for a variable or filter that does not exist, and for one that takes too much work.
 * @param budget a larger work that it is a part of: the check of a file
 */
export function renderTemplate(template: string, variables: TemplateVariables, budget?: StepBudget): string {
  if (!isTemplate(template)) return template
  const { tree } = parseCached(template)
  try {
    return renderWithRetry(tree, variables, budget)
  } catch (err) {
    const own = /undefined variable: account\.([A-Za-z]\w*)/.exec(
      err instanceof Error ? err.message : '',
    )?.[1]
    if (own === undefined || Object.hasOwn(variables.account, own)) throw err
    throw new Error(`the account has no variable "${own}" ({{ account.${own} }})`, { cause: err })
  }
}

/** False for a text in which nothing is filled in. */
function isTemplate(text: string): boolean {
  return text.includes('{{') || text.includes('{%')
}

function stepsToRead(template: string): number {
  const parts = template.split(/\{[{%]/).length - 1
  const chars = template.length / READ_CHARS_PER_STEP
  return STEPS_PER_READING + chars + (parts * template.length) / PLACED_CHARS_PER_STEP
}

function parseCached(template: string): Parsed {
  const known = parsed.get(template)
  if (known) return known
  const found = { tree: parseTemplate(template), names: null }
  if (parsedChars + template.length > CACHE_CHARS_MAX) {
    parsed.clear()
    parsedChars = 0
  }
  parsed.set(template, found)
  parsedChars += template.length
  return found
}

/**
 * The limit of time is for what no counter foresaw. It goes by the clock on the wall, which runs on while the machine is
 * busy elsewhere or the process is stopped: a template is too slow only when it is so every time.
 */
function renderWithRetry(
  tree: Template[],
  variables: TemplateVariables,
  outer: StepBudget | undefined,
): string {
  for (let tries = 1; ; tries++) {
    const budget = createStepBudget(RENDER_STEPS, outer)
    const until = performance.now() + RENDER_LIMIT_MS
    const isOverTime = () => performance.now() > until
    let isLate = false
    try {
      budget.spend(STEPS_PER_RENDERING)
      // An index reads one UTF-16 unit: {{ reply.text[0] }}.
      return withoutLoneSurrogates(
        runTemplate(tree, variables, budget, () => {
          isLate ||= isOverTime()
          if (isLate) throw new Error('the template takes too long')
        }),
      )
    } catch (err) {
      // Of a file's work the check says it.
      if (outer && outer.spent >= outer.limit) throw new BudgetExceededError(`over ${outer.limit} steps`)
      if (budget.spent >= budget.limit) throw new Error(OVER_BUDGET, { cause: err })
      if (!isLate || tries === RENDER_TRIES) throw err
    }
  }
}

const OVER_BUDGET = `the template takes too much work (over ${RENDER_STEPS} steps): write it without loops in loops, and with shorter lists and texts 模板运算量过大（超过 ${RENDER_STEPS} 步）：请去掉循环里的循环，缩短列表和文本`

/** Every variable that a template names, also in branches that are seldom taken; throws when unreadable. */
export function namesIn(template: string): string[] {
  if (!isTemplate(template)) return []
  const found = parseCached(template)
  found.names ??= variablesIn(found.tree)
  return found.names
}

/** The accounts' own variables that a template names, also in branches that are seldom taken; throws when unreadable. */
export function accountVariablesIn(template: string): string[] {
  const found = namesIn(template).flatMap((full) => {
    const name = /^account\.(\w+)/.exec(full)?.[1]
    return name !== undefined && isAccountVariable(name) ? [name] : []
  })
  return [...new Set(found)]
}

/**
 * Why a template cannot be used, or null. Every name in it is looked at, also in a branch that the sample values do not
 * take; then it is tried with them, so that whatever else is wrong shows before a send.
 * @param own the accounts' own variables; null where no account is known: then each may be there
 * @param budget what the whole file may take
 * @throws WorkLimitError when the file's work is over
 */
export function checkTemplate(
  template: string,
  own: ReadonlySet<string> | null = null,
  budget?: StepBudget,
): string | null {
  if (template.length > TEMPLATE_MAX_CHARS)
    return `the text has ${template.length} characters; a message has at most ${TEMPLATE_MAX_CHARS} 文本有 ${template.length} 个字符，最多 ${TEMPLATE_MAX_CHARS} 个`
  if (!isTemplate(template)) return null
  const listed = [...TEMPLATE_VARIABLES, ...[...(own ?? [])].map((name) => `account.${name}`)]
  // Also of one that is known already: a check takes the same work wherever it is made.
  budget?.spend(stepsToRead(template))
  try {
    const used = accountVariablesIn(template)
    const known = own ? listed : [...listed, ...used.map((name) => `account.${name}`)]
    const unknown = namesIn(template).find(
      (name) => !known.some((k) => name === k || /^[.[]/.test(partAfter(k, name))),
    )
    if (unknown !== undefined) return `undefined variable: ${unknown}; known are ${listed.join(', ')}`
    const values = Object.fromEntries(used.map((name) => [name, '示例']))
    renderTemplate(template, { ...SAMPLE, account: { ...values, ...SAMPLE.account } }, budget)
    return null
  } catch (err) {
    if (err instanceof BudgetExceededError) throw err
    const reason =
      err instanceof Error ? (err.message.split('\n')[0] ?? '').replace(/, file:.*?(?=,|$)/, '') : String(err)
    if (err instanceof RangeError || reason.includes('call stack'))
      return 'the template does not work: its parts stand too deep in each other 模板嵌套过深'
    return reason.includes('undefined variable')
      ? `${reason}; known are ${listed.join(', ')}`
      : `the template does not work: ${reason}`
  }
}

/** True when a template that works needs facts of the follower. */
export function usesFollowerAttributes(template: string): boolean {
  if (!template.includes('follower')) return false
  try {
    return namesIn(template).some((name) => /^follower\b/.test(name))
  } catch {
    // The check says what is wrong with it.
    return false
  }
}

/** Of `qrScene.size` and `qrScene`: `.size`; '' when the name does not begin so. */
function partAfter(known: string, name: string): string {
  return name.startsWith(known) ? name.slice(known.length) : ''
}
