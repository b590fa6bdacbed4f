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

/**
 * liquidjs with all that it does counted. Its own limits leave much out: `memoryLimit` counts a list when it is made and not
 * when it is looped over, and filters such as `find_exp` not at all; `renderLimit` is a time, looked at between nodes only,
 * and so another one on a busy machine (both as of 10.30.1). Here each node, operator and filter is counted before it runs,
 * by the size of what it is given.
 */

/** Characters of a tag or an output for a step: each may be a name to look up. */
const CODE_PER_STEP = 2
/** Characters of plain text for a step: it is only copied. */
const TEXT_PER_STEP = 16
/** Characters of a value for a step, and what liquidjs itself counts as memory. */
const VALUE_PER_STEP = 8
/** Blocks within blocks. */
const DEPTH_MAX = 32
/** `(1..n)`: beyond 2^53 a number plus one is the same number, and liquidjs (10.30.1) counts on without an end. */
const RANGE_BOUND_MAX = 1_000_000_000
/** Making the name of a month or a time zone takes the runtime so long. */
const STEPS_PER_DATE_FIELD = 20
/** UTF-16 units. Finding the place of each variable takes liquidjs a look at the whole text. */
export const TEMPLATE_MAX_CHARS = 5_000

const RANGE_FILTER = 'range_bound'

/** @throws Error with the reason, where the template cannot be read */
export function parseTemplate(template: string): Template[] {
  return new CountingParser(liquid).parse(template)
}

/**
 * @param alive called now and then; may throw
 * @throws Error where the template does not work with these variables; WorkLimitError's text where it takes too much
 */
export function runTemplate(
  tree: Template[],
  variables: object,
  budget: StepBudget,
  alive: () => void,
): string {
  const context = new Context({ ...variables }, liquid.options, { sync: true }, { liquid })
  context.memoryLimit.use = (count) => budget.spend(count / VALUE_PER_STEP)
  // For the counters below: liquidjs does not call it.
  context.renderLimit.use = (steps) => budget.spend(steps)
  // Also called for each turn of a loop with nothing in it.
  context.renderLimit.check = () => {
    budget.spend(1)
    alive()
  }
  return String(liquid.renderSync(tree, context))
}

/** Every variable that a template names, also in branches that are seldom taken. */
export function variablesIn(tree: Template[]): string[] {
  return liquid.globalFullVariablesSync(tree, { partials: false })
}

/** Counts each node before it is rendered. */
class CountingParser extends Parser {
  private depth = 0

  override parseToken(...[token, rest]: Parameters<Parser['parseToken']>): ReturnType<Parser['parseToken']> {
    if (++this.depth > DEPTH_MAX) throw new Error(`blocks stand more than ${DEPTH_MAX} deep in each other`)
    const ahead = [...rest]
    const node = super.parseToken(token, rest)
    this.depth--
    const own = token.end - token.begin
    // Conditions of its other branches are looked at with it.
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

/** Lists are compared value by value with each `when`, past the operators. */
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
    // Templates come from files: they include nothing and cannot run for long.
    relativeReference: false,
    templates: {},
    parseLimit: TEMPLATE_MAX_CHARS,
    operators: countedOperators(),
    // Nothing is escaped: what is put out is counted first.
    outputEscape: function (this: { context: Context }, value: unknown) {
      spendSizeOf(value, this.context)
      return written(value)
    },
  })
  registerTextFilters(made)
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

/** Both sides are looked at first: lists and texts may be long. */
function countedOperators(): Operators {
  const counted = Object.entries(defaultOperators).map(([name, own]): [string, Operators[string]] => {
    if (own.length < 2 || name === 'not') return [name, own]
    // Those of two sides: `not` alone has one.
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

/** Counts what a filter is given and what it makes. */
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
    // A property or an expression is looked up for each of a list.
    if (Array.isArray(value)) use(value.length * (1 + written / VALUE_PER_STEP))
    if (isDate) use(STEPS_PER_DATE_FIELD * (1 + String(args[0] ?? '').split('%').length))
    if (searchesBackwards && typeof value === 'string') use((value.length * written) / 64)
    const made: unknown = own.call(this, value, ...args)
    if (typeof made === 'string' || Array.isArray(made)) spendSizeOf(made, context)
    return made
  })
}

/** Characters and values, however deep: a list that holds another one twice is written out twice. */
function spendSizeOf(value: unknown, context: Context): void {
  const open = [value]
  while (open.length > 0) {
    const next = open.pop()
    context.renderLimit.use(1 + (typeof next === 'string' ? next.length / VALUE_PER_STEP : 0))
    if (Array.isArray(next)) open.push(...next.slice(0))
    else if (isPlain(next)) open.push(...Object.values(next))
  }
}

/** As liquidjs puts a value out. */
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

/** The ends of every range pass through `RANGE_FILTER`, which lets no number pass that cannot be counted up. */
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
  return new Error(`a range goes to ${RANGE_BOUND_MAX} at most`)
}
