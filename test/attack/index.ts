import { attackAnswers, attackTexts, COST_MAX, measureCosts } from './anonymous-attacks.ts'
import { startAttackTarget } from './attack-target.ts'
import { attackForms, attackSpellings } from './path-attacks.ts'
import { attackRoles } from './role-attacks.ts'
import { attackWebRoutes, attackWorkerRoutes } from './route-attacks.ts'

/** `npm run attack`: all that `npm test` attacks in short, in full, and what each public route costs. Ends 1 when it found something. */
const CALLS = 1_000

// Whatever ends this early, it has not passed.
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
await attack('who must be refused', attackRoles(target, 'refused'))
await attack('who may read', attackRoles(target, 'reads'))
await attack('other spellings', attackSpellings(target, 1))
await attack('forms of other sites', attackForms(target))
await attack('answers of one kind', attackTexts(target))
await attack('odd requests', attackAnswers(target))
if ((await target.content()) !== before) found.push('the store was changed by what must change nothing')
const costs = await measureCosts(target, CALLS)
for (const { route, ms, ratio } of costs) {
  process.stdout.write(`${ms.toFixed(2)} ms, ${ratio.toFixed(1)} refused callbacks: ${route}\n`)
  if (ratio > COST_MAX) found.push(`${route} costs as much as ${ratio.toFixed(1)} refused callbacks`)
}
for (const line of found) print(`FOUND ${line}`)
await target.close()
process.exit(found.length === 0 ? 0 : 1)
