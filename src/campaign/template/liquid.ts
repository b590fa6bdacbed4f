import {
  CaseTag,
  Context,
  defaultOperators,
  type Emitter,
  Expression,
  Liquid,
  type Operators,
  Parser,
  type Template,
  Tokenizer,
  TypeGuards,
  toValue,
  type ValueToken,
} from 'liquidjs'
import type { StepBudget } from './step-budget.ts'
import { registerTextFilters } from './text-filters.ts'
import { registerTrackFilter } from './track-link.ts'

/**
 * liquidjs with a counter for all work. The limits of liquidjs 10.30.1 miss a lot: `memoryLimit` counts a list when it is created
 * but not when it is looped over, and ignores filters such as `find_exp`. `renderLimit` is a time that is checked between nodes,
 * so it differs on a busy machine. Here each node, operator and filter is counted before it runs, by the size of its input.
 */

/** Characters of a tag or an output per step: each may be a name to look up. */
const CODE_PER_STEP = 2
/** Characters of plain text per step: it is only copied. */
const TEXT_PER_STEP = 16
/** Characters of a value per step, and units of liquidjs's own memory count per step. */
const VALUE_PER_STEP = 8
/** Nesting of blocks. */
const DEPTH_MAX = 32
/** For `(1..n)`. Beyond 2^53 a number plus one is the same number, and liquidjs 10.30.1 loops without an end. */
const RANGE_BOUND_MAX = 1_000_000_000
/** The runtime is slow to produce the name of a month or a time zone. */
const STEPS_PER_DATE_FIELD = 20
/** UTF-16 units. To find the place of each variable, liquidjs scans the whole text. */
export const TEMPLATE_MAX_CHARS = 5_000

const RANGE_FILTER = 'range_bound'

/** @throws Error with the reason when the template cannot be parsed */
export function parseTemplate(template: string): Template[] {
  return new CountingParser(liquid).parse(template)
}

/**
 * @param alive called periodically; may throw to stop the rendering
 * @throws Error when the template fails with these variables, or exceeds the budget
 */
export function runTemplate(
  tree: Template[],
  variables: object,
  budget: StepBudget,
  alive: () => void,
): string {
  const context = new Context({ ...variables }, liquid.options, { sync: true }, { liquid })
  context.memoryLimit.use = (count) => budget.spend(count / VALUE_PER_STEP)
  // Called by the counters below, not by liquidjs.
  context.renderLimit.use = (steps) => budget.spend(steps)
  // liquidjs also calls it for each iteration of an empty loop.
  context.renderLimit.check = () => {
    budget.spend(1)
    alive()
  }
  return String(liquid.renderSync(tree, context))
}

/** All variables of a template, in all branches. */
export function variablesIn(tree: Template[]): string[] {
  return liquid.globalFullVariablesSync(tree, { partials: false })
}

/** Counts each node before it is rendered. */
class CountingParser extends Parser {
  private depth = 0

  override parseToken(...[token, rest]: Parameters<Parser['parseToken']>): ReturnType<Parser['parseToken']> {
    if (++this.depth > DEPTH_MAX) throw new Error(`blocks are nested more than ${DEPTH_MAX} levels deep`)
    const ahead = [...rest]
    const node = super.parseToken(token, rest)
    this.depth--
    const own = token.end - token.begin
    // The conditions of its other branches are evaluated with it.
    const branches = ahead
      .slice(0, ahead.length - rest.length)
      .filter((t) => TypeGuards.isTagToken(t) && (t.name === 'elsif' || t.name === 'when'))
      .reduce((sum, t) => sum + t.end - t.begin, 0)
    const perStep = TypeGuards.isHTMLToken(token) ? TEXT_PER_STEP : CODE_PER_STEP
    const steps = 1 + Math.ceil((own + branches) / perStep)
    if (node instanceof CaseTag) countCase(node)
    const render = node.render.bind(node)
    return Object.assign(node, {
      render(context: Context, emitter: Emitter) {
        context.renderLimit.use(steps)
        return render(context, emitter)
      },
    })
  }
}

/** Counts the comparisons of a `case`. It compares lists value by value with each `when`, without the counted operators. */
function countCase(tag: CaseTag): void {
  const compared = 1 + tag.branches.flatMap((branch) => branch.values).length
  const { value } = tag
  const own = value.value.bind(value)
  value.value = function* (context, lenient) {
    const found: unknown = yield* own(context, lenient)
    for (let times = 0; times < compared; times++) spendSizeOf(found, context)
    return found
  }
}

const liquid = createLiquid()

function createLiquid(): Liquid {
  boundRanges()
  const made = new Liquid({
    strictVariables: true,
    strictFilters: true,
    ownPropertyOnly: true,
    // A template may include no other file.
    relativeReference: false,
    templates: {},
    parseLimit: TEMPLATE_MAX_CHARS,
    operators: countedOperators(),
    // Counts each output. Nothing is escaped.
    outputEscape: function (this: { context: Context }, value: unknown) {
      spendSizeOf(value, this.context)
      return written(value)
    },
  })
  registerTextFilters(made)
  registerTrackFilter(made)
  for (const name of Object.keys(made.filters)) countFilter(made, name)
  made.registerFilter(RANGE_FILTER, (value: unknown) => {
    const bound = Number(value)
    if (Math.abs(bound) > RANGE_BOUND_MAX) throw rangeError()
    return bound
  })
  for (const tag of ['include', 'render', 'layout', 'block']) {
    made.registerTag(tag, {
      parse() {
        throw new Error(`the tag ${tag} is not allowed`)
      },
      render() {},
    })
  }
  return made
}

/** The operators, each with the sizes of both sides counted first: lists and texts may be long. */
function countedOperators(): Operators {
  const counted = Object.entries(defaultOperators).map(([name, own]): [string, Operators[string]] => {
    if (own.length < 2 || name === 'not') return [name, own]
    // All operators except `not` have two sides.
    const both = own as (l: unknown, r: unknown, context: Context) => ReturnType<typeof own>
    return [
      name,
      (left: unknown, right: unknown, context: Context) => {
        spendSizeOf(left, context)
        spendSizeOf(right, context)
        return both(left, right, context)
      },
    ]
  })
  return Object.fromEntries(counted)
}

/** Counts the input and the output of a filter. */
function countFilter(liquid: Liquid, name: string): void {
  const given = liquid.filters[name]
  const own = typeof given === 'function' ? given : given?.handler
  if (!own) return
  const isDate = name.startsWith('date')
  const searchesBackwards = name === 'remove_last' || name === 'replace_last'
  liquid.registerFilter(name, function (value: unknown, ...args: unknown[]) {
    const { context } = this
    const use = (steps: number) => context.renderLimit.use(steps)
    use(1)
    spendSizeOf(value, context)
    for (const arg of args) spendSizeOf(arg, context)
    const written = args.reduce((sum: number, arg) => sum + (typeof arg === 'string' ? arg.length : 0), 0)
    // A property or an expression is evaluated for each entry of a list.
    if (Array.isArray(value)) use(value.length * (1 + written / VALUE_PER_STEP))
    if (isDate) use(STEPS_PER_DATE_FIELD * (1 + String(args[0] ?? '').split('%').length))
    if (searchesBackwards && typeof value === 'string') use((value.length * written) / 64)
    const made: unknown = own.call(this, value, ...args)
    if (typeof made === 'string' || Array.isArray(made)) spendSizeOf(made, context)
    return made
  })
}

/** Counts characters and values at any depth. A list that contains another one twice counts it twice, as output does. */
function spendSizeOf(value: unknown, context: Context): void {
  const open = [value]
  while (open.length > 0) {
    const next = open.pop()
    context.renderLimit.use(1 + (typeof next === 'string' ? next.length / VALUE_PER_STEP : 0))
    if (Array.isArray(next)) open.push(...next.slice(0))
    else if (isPlain(next)) open.push(...Object.values(next))
  }
}

/** The output of a value, as liquidjs writes it. */
function written(value: unknown): string {
  const made: unknown = toValue(value)
  if (Array.isArray(made)) return made.map(written).join('')
  return made === null || made === undefined ? '' : String(made)
}

function isPlain(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

/** Passes both ends of each range through `RANGE_FILTER`, which refuses numbers beyond the bound. */
function boundRanges(): void {
  const own = Tokenizer.prototype.readGroupOrRange
  Tokenizer.prototype.readGroupOrRange = function (this: Tokenizer) {
    const token = own.call(this)
    if (token && TypeGuards.isRangeToken(token)) {
      token.lhs = bounded(token.lhs)
      token.rhs = bounded(token.rhs)
    }
    return token
  }
}

function bounded(token: ValueToken): ValueToken {
  const wrapped = new Tokenizer(`x | ${RANGE_FILTER}`).readFilteredValue()
  wrapped.initial = new Expression([token])
  return wrapped
}

function rangeError(): Error {
  return new Error(`the ends of a range are at most ${RANGE_BOUND_MAX}`)
}
