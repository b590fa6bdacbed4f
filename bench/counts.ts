/** How much a bench does, as options of the command. A list is separated by commas. */
interface CountOption {
  bench: string
  text: string
  /** In the text form that the command line has. */
  default: string
  pattern: RegExp
}

const NUMBER = /^[1-9]\d{0,5}$/
const NUMBERS = /^[1-9]\d{0,5}(,[1-9]\d{0,5})*$/

export const COUNT_OPTIONS = {
  followers: option('footprint', 'followers of each stage', '200', NUMBER),
  'cost-rounds': option('cost', 'rounds of the median', '1', NUMBER),
  queued: option('isolation', 'sends of the busy account in the queue', '500', NUMBER),
  waiting: option('memory', 'followers who wait', '1000', NUMBER),
  bursts: option('burst', 'follows/seconds of each burst', '2000/4,10000/10', /^\d+\/\d+(,\d+\/\d+)*$/),
  stores: option('burst', 'pglite, postgres', 'pglite', /^(pglite|postgres)(,(pglite|postgres))*$/),
  runs: option('restart', 'runs that become due in the outage', '600', NUMBER),
  rates: option('load-curve', 'follows a second of each step', '5,10,20,40,80', NUMBERS),
  'step-seconds': option('load-curve', 'seconds of each step', '20', NUMBER),
  'in-store': option('console', 'followers in the store', '100000', NUMBER),
  // The p99 of fewer than a hundred would be their maximum.
  requests: option('console', 'requests of each page', '200', NUMBER),
  rounds: option('peers', 'how often each design plays the story', '5', NUMBER),
  count: option('peers', 'waiting messages of a design, at most', '2000', NUMBER),
} satisfies Record<string, CountOption>

type CountName = keyof typeof COUNT_OPTIONS

/** The counts of all benches, as texts that match their patterns. */
export type Counts = Record<CountName, string>

function option(bench: string, text: string, normal: string, pattern: RegExp): CountOption {
  return { bench, text, default: normal, pattern }
}

const NAMES = Object.keys(COUNT_OPTIONS) as CountName[]

/**
 * The counts from the options of the command.
 * @returns the counts, or a sentence that names the first option that is invalid
 */
export function readCounts(given: Partial<Record<string, unknown>>): Counts | string {
  const counts = Object.fromEntries(
    NAMES.map((name) => [name, String(given[name] ?? COUNT_OPTIONS[name].default)]),
  ) as Counts
  const invalid = NAMES.find((name) => !COUNT_OPTIONS[name].pattern.test(counts[name]))
  return invalid ? `--${invalid} is not ${describePattern(invalid)}.` : counts
}

function describePattern(name: CountName): string {
  const { pattern, default: normal } = COUNT_OPTIONS[name]
  return pattern === NUMBER ? 'a whole number above 0' : `of the form ${normal}`
}

/** The options of a bench that differ from their defaults, as they are typed. */
export function changedCounts(bench: string, counts: Counts): string {
  return NAMES.filter((name) => COUNT_OPTIONS[name].bench === bench)
    .filter((name) => counts[name] !== COUNT_OPTIONS[name].default)
    .map((name) => ` --${name} ${counts[name]}`)
    .join('')
}

/** A list of numbers: `5,10` or, with another separator, `2000/4`. */
export function numbersOf(text: string, separator = ','): number[] {
  return text.split(separator).map(Number)
}
