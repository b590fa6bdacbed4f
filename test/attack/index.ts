import { readOptions } from '../../scripts/read-options.ts'
import { attackAnswers, attackTexts, COST_MAX, measureCosts } from './anonymous-attacks.ts'
import { startAttackTarget } from './attack-target.ts'
import { attackForms, attackSpellings } from './path-attacks.ts'
import { attackRoles } from './role-attacks.ts'
import { attackWebRoutes, attackWorkerRoutes } from './route-attacks.ts'

const USAGE = `npm run attack
  Runs the attacks of \`npm test\` in full, and measures the cost of each public route.
Exit code 1: there is a finding.`

/** Measured calls of each public route. */
const CALLS = 1_000

readOptions(USAGE, {})
// A run that ends early has failed.
process.exitCode = 1
const print = (line: string) => process.stderr.write(`${line}\n`)
const target = await startAttackTarget()
const found: string[] = []
const attack = async (attackName: string, findings: string[] | Promise<string[]>) => {
  const newFindings = await findings
  print(`attack: ${attackName}: ${newFindings.length} found`)
  found.push(...newFindings)
}
await attack('routes', [...attackWebRoutes(target.web), ...attackWorkerRoutes(target.worker)])
const before = await target.content()
await attack('callers without the role', attackRoles(target, 'refused'))
await attack('callers that may read', attackRoles(target, 'reads'))
await attack('other spellings', attackSpellings(target, 1))
await attack('forms of other sites', attackForms(target))
await attack('responses of one group', attackTexts(target))
await attack('unusual requests', attackAnswers(target))
if ((await target.content()) !== before) found.push('the attacks changed the store')
const costs = await measureCosts(target, CALLS)
for (const { route, ms, ratio } of costs) {
  process.stdout.write(`${ms.toFixed(2)} ms, ${ratio.toFixed(1)} refused callbacks: ${route}\n`)
  if (ratio > COST_MAX) found.push(`${route} costs ${ratio.toFixed(1)} refused callbacks`)
}
for (const line of found) print(`FOUND ${line}`)
await target.close()
process.exit(found.length === 0 ? 0 : 1)
