import { openStore } from '../../src/store/open-store.ts'
import { chromiumPath, launchBrowser } from '../../test/harness/chromium.ts'
import { startPostgres } from '../../test/harness/setup/postgres.ts'
import { withTemporal } from '../own-temporal.ts'
import { type Figure, percentile } from '../stats.ts'
import { type ConsoleProgram, startConsole } from './console-program.ts'
import { type Filled, fillStore } from './fill-store.ts'
import { measureInBrowser } from './in-browser.ts'
import { benchPages } from './pages.ts'
import { measureServerTime, type PageTimes, REFERENCE } from './server-time.ts'

type Where = Parameters<typeof openStore>[0]
type Print = (line: string) => void

/**
 * The console on a store of many followers: the server's time of every page on PGlite and on PostgreSQL, what Chromium loads, and its
 * frames while the store gets a thousand events a second. What needs a program that this machine lacks is left out.
 */
export async function measureConsole(
  print: Print,
  { followers, rounds }: { followers: number; rounds: number },
): Promise<Figure[]> {
  return withTemporal({}, async (address, dataDir) => {
    const postgres = await startPostgres()
    try {
      const size = { followers, rounds }
      const pglite = await measureStore('PGlite', { dataDir }, { ...size, address, browse: true }, print)
      const others = postgres
        ? await measureStore(
            'PostgreSQL',
            { dataDir: null, databaseUrl: postgres.url },
            { ...size, address },
            print,
          )
        : []
      return [...pglite, ...others].sort((a, b) => rank(a) - rank(b))
    } finally {
      await postgres?.stop()
    }
  })
}

/** Times of both stores, then what the browser shows, then the pages. */
const rank = ({ name }: Figure) => (name.includes(': ') ? 2 : name.startsWith('server time') ? 0 : 1)

async function measureStore(
  store: string,
  where: Where,
  options: { followers: number; rounds: number; address: string; browse?: boolean },
  print: Print,
): Promise<Figure[]> {
  print(`bench: ${options.followers.toLocaleString('en')} followers, ${store}…`)
  const filled = await fill(where, options.followers)
  print(`bench: the pages of the console, ${store}…`)
  const program = await startConsole(where, options.address)
  try {
    const times = await measureServerTime(program, benchPages(filled), options.rounds)
    const inBrowser = options.browse ? await browse(program, filled.campaign, print) : []
    return [...figuresOfTimes(store, times), ...inBrowser]
  } finally {
    await program.stop()
  }
}

async function fill(where: Where, followers: number): Promise<Filled> {
  const store = await openStore(where)
  try {
    return await fillStore(store, followers)
  } finally {
    await store.close()
  }
}

async function browse(program: ConsoleProgram, campaign: string, print: Print): Promise<Figure[]> {
  if (!chromiumPath()) {
    print('bench: Chromium is not installed: bytes and frames are not measured')
    return []
  }
  print('bench: bytes and frames in Chromium…')
  const browser = await launchBrowser()
  try {
    return await measureInBrowser(browser, program, campaign)
  } finally {
    await browser.close()
  }
}

function figuresOfTimes(store: string, times: readonly PageTimes[]): Figure[] {
  const reference = times.find(({ name }) => name === REFERENCE.name)
  const pages = times.filter((page) => page !== reference)
  const slowest = (value: (page: PageTimes) => number) => {
    const [page] = [...pages].sort((a, b) => value(b) - value(a))
    return page ? { name: page.name, value: value(page) } : { name: 'none', value: Number.NaN }
  }
  const share = (of: number) => (page: PageTimes) => percentile(page.later, of)
  const summary = (what: string, value: (page: PageTimes) => number, aim?: string): Figure => {
    const found = slowest(value)
    return {
      name: `server time of the slowest page (${found.name}), ${what}, ${store}`,
      unit: 'ms',
      value: found.value,
      reference: { name: REFERENCE.name, value: reference ? value(reference) : Number.NaN },
      ...(aim ? { aim } : {}),
    }
  }
  return [
    summary('p99', share(0.99), '≤ 100 ms'),
    summary('p50', share(0.5)),
    summary('first answer after a start', (page) => page.first),
    summary('CPU on average', (page) => page.cpu),
    ...pages.flatMap(({ name, first, later, cpu }) => [
      { name: `${store}, first answer: ${name}`, unit: 'ms', value: first },
      { name: `${store}, p50: ${name}`, unit: 'ms', value: percentile(later, 0.5) },
      { name: `${store}, p99: ${name}`, unit: 'ms', value: percentile(later, 0.99) },
      // On PostgreSQL this is the console alone.
      ...(store === 'PGlite' ? [{ name: `${store}, CPU: ${name}`, unit: 'ms', value: cpu }] : []),
    ]),
  ]
}
