import { attackAnswers, attackTexts, COST_MAX, measureCosts } from './anonymous.ts'
import { attackForms, attackSpellings } from './doors.ts'
import { startAttacked } from './product.ts'
import { attackRoles } from './roles.ts'
import { attackWebRoutes, attackWorkerRoutes } from './routes.ts'

/** `npm run attack`: all that `npm test` attacks in short, in full, and what each public route costs. Ends 1 when it found something. */
const CALLS = 1_000

// Whatever ends this early, it has not passed.
process.exitCode = 1
const say = (line: string) => process.stderr.write(`${line}\n`)
const attacked = await startAttacked()
const found: string[] = []
const attack = async (what: string, findings: string[] | Promise<string[]>) => {
  const now = await findings
  say(`attack: ${what}: ${now.length} found`)
  found.push(...now)
}
await attack('routes', [...attackWebRoutes(attacked.web), ...attackWorkerRoutes(attacked.worker)])
const before = await attacked.content()
await attack('who must be refused', attackRoles(attacked, 'refused'))
await attack('who may read', attackRoles(attacked, 'reads'))
await attack('other spellings', attackSpellings(attacked, 1))
await attack('forms of other sites', attackForms(attacked))
await attack('answers of one kind', attackTexts(attacked))
await attack('odd requests', attackAnswers(attacked))
if ((await attacked.content()) !== before) found.push('the store was changed by what must change nothing')
const costs = await measureCosts(attacked, CALLS)
for (const { route, ms, ratio } of costs) {
  process.stdout.write(`${ms.toFixed(2)} ms, ${ratio.toFixed(1)} refused callbacks: ${route}\n`)
  if (ratio > COST_MAX) found.push(`${route} costs as much as ${ratio.toFixed(1)} refused callbacks`)
}
for (const line of found) say(`FOUND ${line}`)
await attacked.close()
process.exit(found.length === 0 ? 0 : 1)
