import { exitWithUsage, readOptions } from '../../scripts/read-options.ts'
import { createFindings, watchProcess } from './findings.ts'
import { fuzzCallbacks } from './fuzz-callbacks.ts'
import { fuzzCampaigns } from './fuzz-campaigns.ts'
import { fuzzConsole } from './fuzz-console.ts'
import { startFuzzTarget } from './fuzz-target.ts'

const USAGE = `npm run fuzz -- [--count N] [--seed S]
  Sends N malformed callbacks (20,000 by default), and campaign files and console requests in proportion.
  --seed  seed of the inputs (1 by default)
Exit code 1: there is a finding.`

/** The most campaign files. Checking one takes as long as ten callbacks. */
const CAMPAIGNS_MAX = 10_000
const { values } = readOptions(USAGE, {
  options: { count: { type: 'string', default: '20000' }, seed: { type: 'string', default: '1' } },
})
const [count, seed] = [Number(values.count), Number(values.seed)]
if (!(count > 0)) exitWithUsage(USAGE, '--count must be a number above 0.')
if (!Number.isInteger(seed)) exitWithUsage(USAGE, '--seed must be a whole number.')
// A run that ends early has failed.
process.exitCode = 1
const print = (line: string) => process.stderr.write(`${line}\n`)
const findings = createFindings()
const server = await startFuzzTarget()
const watch = watchProcess(findings)
const began = performance.now()
const { stored } = await fuzzCallbacks(server, findings, { count, seed, print })
print(`fuzz: ${count} callbacks in ${((performance.now() - began) / 1000).toFixed(0)} s, ${stored} stored`)
await fuzzConsole(server, findings, {
  count: Math.ceil(count / 10),
  seed,
  cookies: await server.signIn(),
})
fuzzCampaigns(findings, { count: Math.min(Math.ceil(count / 10), CAMPAIGNS_MAX), seed })
const { longestDelayMs } = watch.stop()
await server.close()
print(`fuzz: outcomes ${[...findings.counts].map(([what, n]) => `${what}: ${n}`).join(', ')}`)
print(
  `fuzz: longest single read ${findings.longestMs.toFixed(0)} ms; longest delay of the event loop ${longestDelayMs.toFixed(0)} ms (garbage collector and machine included)`,
)
for (const line of findings.found) print(`FOUND ${line}`)
const passed = findings.cases - findings.found.length
process.stdout.write(
  `fuzz: ${findings.cases} cases in ${((performance.now() - began) / 1000).toFixed(0)} s, seed ${seed}: ${findings.found.length === 0 ? 'nothing found' : `${findings.found.length} findings, ${passed} passed`}\n`,
)
process.exit(findings.found.length === 0 ? 0 : 1)
