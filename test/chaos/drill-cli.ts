import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { listenForCommands } from '../../scripts/cluster/control-socket.ts'
import { temporaryFolder } from '../../scripts/cluster/unix-user.ts'
import { drill } from './drill.ts'
import { startCluster } from './environments/cluster-environment.ts'
import { judge } from './judge/judge.ts'
import { formatReport, reportOf } from './judge/report.ts'

const USAGE = `npm run drill -- [--followers N] [--minutes N] [--json FILE]
  The production stack without containers, under followers of a campaign of N minutes (default 15, 5,000 followers), who
  come as long as one series takes, through a kill of each process, a rolling upgrade, a backup and a restore of all databases.
Exit code 1: a follow was not accepted, something lost or sent twice without cause, or another promise broken.`

const print = (line: string) => process.stderr.write(`${line}\n`)
const { values } = parseArgs({
  options: {
    followers: { type: 'string', default: '5000' },
    minutes: { type: 'string', default: '15' },
    json: { type: 'string' },
    help: { type: 'boolean' },
  },
})
const followers = Number(values.followers)
const minutes = Number(values.minutes)
if (values.help || !Number.isInteger(followers) || followers < 1 || !(minutes > 0)) {
  print(USAGE)
  process.exit(values.help ? 0 : 2)
}
const minute = 60_000 * (minutes / 15)
const folder = temporaryFolder('follower-nurture-drill-')
const root = fileURLToPath(new URL('../..', import.meta.url))
print(`drill: ${followers} followers, ${minutes} minutes each; logs in ${folder}`)
const started = await startCluster({ root, folder, print })
if (!started) process.exit(2)
const control = await listenForCommands(started.cluster, join(folder, 'cluster'))
let failed = true
try {
  const plan = {
    followers,
    arrivalMs: 14 * minute,
    seriesMs: 14 * minute,
    killsAtMs: minute,
    upgradeAtMs: 5 * minute,
    restoreAtMs: 10 * minute,
  }
  const { evidence, times } = await drill(started, plan, folder, print)
  writeFileSync(join(folder, 'evidence.json'), JSON.stringify(evidence))
  const report = reportOf('cluster', evidence, judge(evidence))
  const accepted = evidence.actions.filter((act) => act.ok).length
  const timeLines = Object.entries(times).map(([what, s]) => `  ${what}: ${s.toFixed(1)} s`)
  process.stdout.write(
    `${formatReport(report)}\n  follows accepted: ${accepted} of ${followers}\n  times\n  ${timeLines.join('\n  ')}\n`,
  )
  if (values.json)
    writeFileSync(
      values.json,
      `${JSON.stringify({ followers, accepted, minutes, times, report }, null, 2)}\n`,
    )
  failed = report.findings.length > 0 || accepted < followers
} finally {
  control.close()
  await started.environment.end()
}
process.exit(failed ? 1 : 0)
