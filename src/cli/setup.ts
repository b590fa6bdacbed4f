import { Connection } from '@temporalio/client'
import { parseDuration } from '../campaign/duration.ts'
import { loadConfig } from '../config.ts'
import { type Difference, days, LEAST_RETENTION_MS, RETENTION_MS, readSetUp, setUp } from '../engine/setup.ts'
import { command, Failure, UsageError } from './command.ts'
import { engineFromHere, refusal } from './engine-from-here.ts'

const WITHIN_MS = 30_000

/** What no client can ask a Temporal server. */
const UNSEEN = [
  {
    what: 'dynamic-config',
    name: 'matching.enableFairness',
    want: 'true',
    why: 'Temporal tells its clients no dynamic configuration: look into its file',
  },
]

export const setup = command({
  name: 'setup',
  description: 'Make namespace and search attributes in Temporal (TEMPORAL_*). May be repeated',
  args: {
    check: { type: 'boolean', description: 'Change nothing, say what differs; exit code 1 if anything does' },
    retention: {
      type: 'string',
      description: `How long Temporal keeps closed runs (default: ${days(RETENTION_MS)} for a new namespace, as it is for one that is there)`,
      valueHint: days(RETENTION_MS),
    },
  },
  async run(args) {
    const retentionMs = retentionOf(args.retention)
    const { connection: options, namespace } = engineFromHere(loadConfig())
    const connection = Connection.lazy(options)
    const wanted = retentionMs === undefined ? {} : { retentionMs }
    try {
      const before = args.check
        ? null
        : await setUp(connection, { namespace, ...wanted, withinMs: WITHIN_MS })
      const now = await readSetUp(connection, namespace, retentionMs)
      const made = (before?.differences ?? []).filter((d) => !now.differences.some((n) => isSame(n, d)))
      const value = { ...now, made, unseen: UNSEEN }
      const lines = [
        ...made.map((d) => `made: ${told(d)}`),
        ...now.differences.map((d) => `differs: ${told(d)}`),
        now.differences.length > 0
          ? `${namespace}: not as FollowerNurture needs it`
          : `${namespace}: as FollowerNurture needs it (Server ${now.serverVersion}, retention ${days(now.retentionMs ?? 0)})`,
        ...UNSEEN.map((u) => `cannot be seen from here: ${u.name} should be ${u.want}. ${u.why}`),
      ]
      return { value, text: lines.join('\n'), failed: now.differences.length > 0 }
    } catch (err) {
      throw new Failure(refusal(err, options.address, 'a namespace and its search attributes'))
    } finally {
      await connection.close()
    }
  },
})

function isSame(a: Difference, b: Difference): boolean {
  return a.what === b.what && a.name === b.name
}

function told({ what, name, is, want, mendable }: Difference): string {
  const by = mendable ? '' : ' (not to be changed from here)'
  return `${what} ${name}: ${is === null ? 'missing' : `is ${is}`}, wanted ${want}${by}`
}

/** @throws UsageError */
function retentionOf(given: string | undefined): number | undefined {
  if (given === undefined) return undefined
  const ms = parseDuration(given)
  if (ms === null || ms < LEAST_RETENTION_MS)
    throw new UsageError(`--retention: "${given}" is no duration of a day or more, like 3d or 36h`)
  return ms
}
