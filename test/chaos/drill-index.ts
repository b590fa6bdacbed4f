import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { listenForCommands } from '../../temporal-docker/native/control.ts'
import { temporaryFolder } from '../../temporal-docker/native/unix-user.ts'
import { drill } from './drill.ts'
import { judge } from './judge.ts'
import { formatReport, reportOf } from './report.ts'
import { setCluster } from './stage-cluster.ts'

const USAGE = `npm run drill -- [--followers N] [--minutes N] [--json FILE]
  The production stack without containers, under followers of a campaign of N minutes (default 15, 5,000 followers), who
  come as long as one series takes, through a kill of each process, a rolling upgrade, a backup and a restore of all databases.
Exit code 1: a follow was not accepted, something lost or sent twice without cause, or another promise broken.`

const say = (line: string) => process.stderr.write(`${line}\n`)
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
  say(USAGE)
  process.exit(values.help ? 0 : 2)
}
const minute = 60_000 * (minutes / 15)
const folder = temporaryFolder('follower-nurture-drill-')
const root = fileURLToPath(new URL('../..', import.meta.url))
say(`drill: ${followers} followers, ${minutes} minutes each; logs in ${folder}`)
const set = await setCluster({ root, folder, say })
if (!set) process.exit(2)
const control = await listenForCommands(set.cluster, join(folder, 'cluster'))
let failed = true
try {
  const plan = {
    followers,
    comeMs: 14 * minute,
    seriesMs: 14 * minute,
    killsAtMs: minute,
    upgradeAtMs: 5 * minute,
    restoreAtMs: 10 * minute,
  }
  const { evidence, times } = await drill(set, plan, folder, say)
  writeFileSync(join(folder, 'evidence.json'), JSON.stringify(evidence))
  const report = reportOf('cluster', evidence, judge(evidence))
  const accepted = evidence.acts.filter((act) => act.ok).length
  const told = Object.entries(times).map(([what, s]) => `  ${what}: ${s.toFixed(1)} s`)
  process.stdout.write(
    `${formatReport(report)}\n  follows accepted: ${accepted} of ${followers}\n  times\n  ${told.join('\n  ')}\n`,
  )
  if (values.json)
    writeFileSync(
      values.json,
      `${JSON.stringify({ followers, accepted, minutes, times, report }, null, 2)}\n`,
    )
  failed = report.findings.length > 0 || accepted < followers
} finally {
  control.close()
  await set.stage.end()
}
process.exit(failed ? 1 : 0)
