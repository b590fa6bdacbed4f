import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { listenForCommands } from '../../scripts/cluster/control-socket.ts'
import { temporaryFolder } from '../../scripts/cluster/unix-user.ts'
import { exitWithUsage, readOptions } from '../../scripts/read-options.ts'
import { drill } from './drill.ts'
import { startCluster } from './environments/cluster-environment.ts'
import { judge } from './judge/judge.ts'
import { formatReport, reportOf } from './judge/report.ts'

const USAGE = `npm run drill -- [--followers N] [--minutes N] [--json FILE]
  Runs the production stack without containers. Followers (5,000 by default) arrive during N minutes (15 by default) and run
  a campaign of the same length. Meanwhile each process is killed, workers and serve are upgraded one by one, and all
  databases are backed up and restored.
Exit code 1: a follow was not accepted, a message was lost or sent twice without cause, or another guarantee was broken.`

const print = (line: string) => process.stderr.write(`${line}\n`)
const { values } = readOptions(USAGE, {
  options: {
    followers: { type: 'string', default: '5000' },
    minutes: { type: 'string', default: '15' },
    json: { type: 'string' },
  },
})
const followers = Number(values.followers)
const minutes = Number(values.minutes)
if (!Number.isInteger(followers) || followers < 1)
  exitWithUsage(USAGE, '--followers must be a whole number above 0.')
if (!(minutes > 0)) exitWithUsage(USAGE, '--minutes must be a number above 0.')
const minute = 60_000 * (minutes / 15)
const folder = temporaryFolder('follower-nurture-drill-')
const root = fileURLToPath(new URL('../..', import.meta.url))
print(`drill: ${followers} followers, ${minutes} minutes each; the logs are in ${folder}`)
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
  const accepted = evidence.actions.filter((action) => action.ok).length
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
