import { Liquid, type Template } from 'liquidjs'
import { withoutHalves } from '../text.ts'
import { registerTextFilters } from './text-filters.ts'

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

const liquid = new Liquid({
  strictVariables: true,
  strictFilters: true,
  ownPropertyOnly: true,
  // Templates come from files: they include nothing and cannot run for long.
  relativeReference: false,
  templates: {},
  parseLimit: 20_000,
  renderLimit: 100,
  memoryLimit: 1_000_000,
})
registerTextFilters(liquid)
for (const tag of ['include', 'render', 'layout', 'block']) {
  liquid.registerTag(tag, {
    parse() {
      throw new Error(`the tag ${tag} is not allowed`)
    },
    render() {},
  })
}

const parsed = new Map<string, Template[]>()
const CACHE_MAX = 2_000
const RENDER_TRIES = 3

/** Renders a template; throws for a variable or filter that does not exist. */
export function renderTemplate(template: string, variables: TemplateVariables): string {
  if (!template.includes('{{') && !template.includes('{%')) return template
  let tree = parsed.get(template)
  if (!tree) {
    if (parsed.size >= CACHE_MAX) parsed.clear()
    tree = liquid.parse(template)
    parsed.set(template, tree)
  }
  try {
    return renderPatiently(tree, variables)
  } catch (err) {
    const own = /undefined variable: account\.([A-Za-z]\w*)/.exec(
      err instanceof Error ? err.message : '',
    )?.[1]
    if (own === undefined || Object.hasOwn(variables.account, own)) throw err
    throw new Error(`the account has no variable "${own}" ({{ account.${own} }})`, { cause: err })
  }
}

/**
 * The limit of time goes by the clock on the wall, which runs on while the machine is busy elsewhere or the process is
 * stopped: a template is too slow only when it is so every time.
 */
function renderPatiently(tree: Template[], variables: TemplateVariables): string {
  for (let tries = 1; ; tries++) {
    try {
      // An index reads one UTF-16 unit: {{ reply.text[0] }}.
      return withoutHalves(String(liquid.renderSync(tree, { ...variables })))
    } catch (err) {
      const outOfTime = err instanceof Error && err.message.includes('render limit exceeded')
      if (!outOfTime || tries === RENDER_TRIES) throw err
    }
  }
}

/** Every variable that a template names, also in branches that are seldom taken; throws when unreadable. */
export function namesIn(template: string): string[] {
  return liquid.globalFullVariablesSync(template, { partials: false })
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
 */
export function checkTemplate(template: string, own: ReadonlySet<string> | null = null): string | null {
  const listed = [...TEMPLATE_VARIABLES, ...[...(own ?? [])].map((name) => `account.${name}`)]
  try {
    const mine = accountVariablesIn(template)
    const known = own ? listed : [...listed, ...mine.map((name) => `account.${name}`)]
    const unknown = namesIn(template).find(
      (name) => !known.some((k) => name === k || /^[.[]/.test(partAfter(k, name))),
    )
    if (unknown !== undefined) return `undefined variable: ${unknown}; known are ${listed.join(', ')}`
    const values = Object.fromEntries(mine.map((name) => [name, '示例']))
    renderTemplate(template, { ...SAMPLE, account: { ...values, ...SAMPLE.account } })
    return null
  } catch (err) {
    const reason =
      err instanceof Error ? (err.message.split('\n')[0] ?? '').replace(/, file:.*?(?=,|$)/, '') : String(err)
    return reason.includes('undefined variable')
      ? `${reason}; known are ${listed.join(', ')}`
      : `the template does not work: ${reason}`
  }
}

/** True when a template that works needs facts of the follower. */
export function namesFollower(template: string): boolean {
  if (!template.includes('follower')) return false
  try {
    return liquid
      .globalFullVariablesSync(template, { partials: false })
      .some((name) => /^follower\b/.test(name))
  } catch {
    // The check says what is wrong with it.
    return false
  }
}

/** Of `qrScene.size` and `qrScene`: `.size`; '' when the name does not begin so. */
function partAfter(known: string, name: string): string {
  return name.startsWith(known) ? name.slice(known.length) : ''
}
