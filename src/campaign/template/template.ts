import type { Template } from 'liquidjs'
import type { Facts } from '../../shared/facts.ts'
import { withoutLoneSurrogates } from '../../shared/text.ts'
import { parseTemplate, runTemplate, TEMPLATE_MAX_CHARS, variablesIn } from './liquid.ts'
import { BudgetExceededError, createStepBudget, RENDER_STEPS, type StepBudget } from './step-budget.ts'
import type { TracksLinks } from './track-link.ts'

/** The variables of a message template. There are no nicknames: WeChat has not provided them since 2021-12-27. */
export interface TemplateVariables extends TracksLinks {
  /** Name and appId, and the account's own variables. */
  account: { name: string; appId: string; [own: string]: string }
  /** The scene of the QR code that began the run; '' without one. */
  qrScene: string
  entry: {
    /** ISO time in the account's time zone, for the `date` filter. */
    at: string
    event: string
    key: string
  }
  /** The follower's first message; '' before it. */
  reply: { text: string }
  /** The message that decided the last wait; absent or '' before it. */
  answer?: { text: string }
  /** The follower's facts; a fact that is not set is ''. */
  fact?: Facts
  /** The follower's attributes at WeChat; '' where they were not fetched. */
  follower: { tags: string; subscribeScene: string }
  /** Whole days since the entry. */
  daysSinceEntry: number
  /** Whole days since the reply; 0 before it. */
  daysSinceReply: number
}

/** True for a valid name of an account's own variable, `{{ account.<name> }}`. `name` and `appId` are reserved. */
export function isAccountVariable(name: string): boolean {
  return /^[A-Za-z][A-Za-z0-9_]{0,31}$/.test(name) && name !== 'name' && name !== 'appId'
}

/** All variables of a template without the accounts' own, for error messages. */
export const TEMPLATE_VARIABLES = [
  'account.name',
  'account.appId',
  'qrScene',
  'entry.at',
  'entry.event',
  'entry.key',
  'reply.text',
  'answer.text',
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

interface Parsed {
  tree: Template[]
  /** The variables of the template; null until they are needed. */
  names: string[] | null
}

const parsed = new Map<string, Parsed>()
let parsedChars = 0
/** Characters of all cached templates. A syntax tree takes about a hundred times as many bytes. */
const CACHE_CHARS_MAX = 200_000
/** The fixed cost of parsing a template. To explain a syntax error takes the most. */
const STEPS_PER_PARSE = 40
/** Characters that parsing handles per step. */
const PARSED_CHARS_PER_STEP = 4
/** Characters per step that liquidjs scans to locate one part. For each part it scans the whole template. */
const SCANNED_CHARS_PER_STEP = 100
/** The fixed cost of rendering a template. */
const STEPS_PER_RENDERING = 20
/** Far longer than `RENDER_STEPS` take on any machine. */
const RENDER_LIMIT_MS = 2_000
const RENDER_TRIES = 3

/**
 * Renders a template.
 * @param budget the budget that the rendering is a part of, in the check of a file
 * @throws Error for an unknown variable or filter, and for a template that takes too much work
 */
export function renderTemplate(template: string, variables: TemplateVariables, budget?: StepBudget): string {
  if (!isTemplate(template)) return template
  const { tree } = parseCached(template)
  try {
    return renderWithRetry(tree, withUnsetFacts(template, variables), budget)
  } catch (err) {
    const own = /undefined variable: account\.([A-Za-z]\w*)/.exec(
      err instanceof Error ? err.message : '',
    )?.[1]
    if (own === undefined || Object.hasOwn(variables.account, own)) throw err
    throw new Error(`the account has no variable "${own}" ({{ account.${own} }})`, { cause: err })
  }
}

/** Gives the facts of a template that are not set as ''. */
function withUnsetFacts(template: string, variables: TemplateVariables): TemplateVariables {
  const { answer = { text: '' }, fact = {} } = variables
  const unset = factsIn(template).map((name) => [name, ''] as const)
  return { ...variables, answer, fact: { ...Object.fromEntries(unset), ...fact } }
}

/** The facts of a template, in all branches. @throws Error when it cannot be parsed */
export function factsIn(template: string): string[] {
  if (!template.includes('fact')) return []
  const found = namesIn(template).flatMap((full) => FACT.exec(full)?.[1] ?? [])
  return [...new Set(found)]
}

/** `fact.name`, perhaps with something behind it. */
const FACT = /^fact\.([A-Za-z]\w{0,31})(?=$|[.[])/

/** False for a plain text. */
function isTemplate(text: string): boolean {
  return text.includes('{{') || text.includes('{%')
}

function stepsToParse(template: string): number {
  const parts = template.split(/\{[{%]/).length - 1
  const chars = template.length / PARSED_CHARS_PER_STEP
  return STEPS_PER_PARSE + chars + (parts * template.length) / SCANNED_CHARS_PER_STEP
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
 * Renders within the step budget, and within a time limit for work that no counter covers. The limit is wall-clock time, which
 * passes while the machine is busy or the process is stopped. A template is too slow only when every try is.
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
      // An index reads one UTF-16 unit, which may be half a character: {{ reply.text[0] }}.
      return withoutLoneSurrogates(
        runTemplate(tree, variables, budget, () => {
          isLate ||= isOverTime()
          if (isLate) throw new Error('the template takes too long')
        }),
      )
    } catch (err) {
      // The check of the file reports the exceeded budget of the file.
      if (outer && outer.spent >= outer.limit) throw new BudgetExceededError(`over ${outer.limit} steps`)
      if (budget.spent >= budget.limit) throw new Error(OVER_BUDGET, { cause: err })
      if (!isLate || tries === RENDER_TRIES) throw err
    }
  }
}

const OVER_BUDGET = `the template takes too much work (over ${RENDER_STEPS} steps): write it without nested loops, and with shorter lists and texts 模板运算量过大（超过 ${RENDER_STEPS} 步）：请去掉循环里的循环，缩短列表和文本`

/** All variables of a template, in all branches. @throws Error when it cannot be parsed */
export function namesIn(template: string): string[] {
  if (!isTemplate(template)) return []
  const found = parseCached(template)
  found.names ??= variablesIn(found.tree)
  return found.names
}

/** The accounts' own variables of a template, in all branches. @throws Error when it cannot be parsed */
export function accountVariablesIn(template: string): string[] {
  const found = namesIn(template).flatMap((full) => {
    const name = /^account\.(\w+)/.exec(full)?.[1]
    return name !== undefined && isAccountVariable(name) ? [name] : []
  })
  return [...new Set(found)]
}

/**
 * Checks a template: the variables of all branches, and a rendering with sample values, which finds other errors before a send.
 * @param own the accounts' own variables; null when no account is known, so that every variable may exist
 * @param budget the budget of the whole file
 * @returns the problem; null for a template without one
 * @throws BudgetExceededError when the budget of the file is used up
 */
export function checkTemplate(
  template: string,
  own: ReadonlySet<string> | null = null,
  budget?: StepBudget,
): string | null {
  if (template.length > TEMPLATE_MAX_CHARS)
    return `has ${template.length} characters, and a message has at most ${TEMPLATE_MAX_CHARS}: shorten the text 文本有 ${template.length} 个字符，最多 ${TEMPLATE_MAX_CHARS} 个，请缩短`
  if (!isTemplate(template)) return null
  const listed = [...TEMPLATE_VARIABLES, ...[...(own ?? [])].map((name) => `account.${name}`)]
  // While no account is known, any variable of an account may exist.
  const usable = [...listed, ...(own ? ['fact.NAME'] : ['account.NAME', 'fact.NAME'])]
  // Also for a cached template, so that a check takes the same number of steps in every process.
  budget?.spend(stepsToParse(template))
  try {
    const used = accountVariablesIn(template)
    const known = own ? listed : [...listed, ...used.map((name) => `account.${name}`)]
    const unknown = namesIn(template).find(
      (name) => !FACT.test(name) && !known.some((k) => name === k || /^[.[]/.test(partAfter(k, name))),
    )
    if (unknown !== undefined) return `undefined variable ${unknown}: use one of ${usable.join(', ')}`
    const values = Object.fromEntries(used.map((name) => [name, '示例']))
    renderTemplate(template, { ...SAMPLE, account: { ...values, ...SAMPLE.account } }, budget)
    return null
  } catch (err) {
    if (err instanceof BudgetExceededError) throw err
    const reason =
      err instanceof Error ? (err.message.split('\n')[0] ?? '').replace(/, file:.*?(?=,|$)/, '') : String(err)
    if (err instanceof RangeError || reason.includes('call stack'))
      return 'the template fails: its parts are nested too deep 模板嵌套过深'
    return reason.includes('undefined variable')
      ? `${reason.replace('variable: ', 'variable ')}: use one of ${usable.join(', ')}`
      : `the template fails: ${reason}`
  }
}

/** True when a valid template uses the follower's attributes. */
export function usesFollowerAttributes(template: string): boolean {
  return uses(template, 'follower', /^follower\b/)
}

/** True when a valid template uses a fact. */
export function usesFacts(template: string): boolean {
  return uses(template, 'fact', FACT)
}

function uses(template: string, word: string, name: RegExp): boolean {
  if (!template.includes(word)) return false
  try {
    return namesIn(template).some((full) => name.test(full))
  } catch {
    // `checkTemplate` reports why.
    return false
  }
}

/** The rest of a name after a known one, `.size` for `qrScene.size` and `qrScene`; '' when the name begins otherwise. */
function partAfter(known: string, name: string): string {
  return name.startsWith(known) ? name.slice(known.length) : ''
}
