import { Connection } from '@temporalio/client'
import { parseDuration } from '../../campaign/duration.ts'
import { loadConfig } from '../../config/config.ts'
import {
  diffNamespace,
  formatRetention,
  MIN_RETENTION_MS,
  type NamespaceDifference,
  RETENTION_MS,
  setUpNamespace,
} from '../../temporal/namespace-setup.ts'
import { CommandError, cliCommand, UsageError } from '../cli-command.ts'
import { describeTemporalError, temporalTarget } from './temporal-target.ts'

const TIMEOUT_MS = 30_000

/** What no client can ask a Temporal server. */
const UNVERIFIABLE = [
  {
    what: 'dynamic-config',
    name: 'matching.enableFairness',
    want: 'true',
    why: 'Temporal tells its clients no dynamic configuration: look into its file',
  },
]

export const setup = cliCommand({
  name: 'setup',
  description: 'Make namespace and search attributes in Temporal (TEMPORAL_*). May be repeated',
  args: {
    check: { type: 'boolean', description: 'Change nothing, say what differs; exit code 1 if anything does' },
    retention: {
      type: 'string',
      description: `How long Temporal keeps closed runs (default: ${formatRetention(RETENTION_MS)} for a new namespace, as it is for one that is there)`,
      valueHint: formatRetention(RETENTION_MS),
    },
  },
  async run(args) {
    const retentionMs = parseRetention(args.retention)
    const { connection: options, namespace } = temporalTarget(loadConfig())
    const connection = Connection.lazy(options)
    const wanted = retentionMs === undefined ? {} : { retentionMs }
    try {
      const before = args.check
        ? null
        : await setUpNamespace(connection, { namespace, ...wanted, timeoutMs: TIMEOUT_MS })
      const now = await diffNamespace(connection, namespace, retentionMs)
      const fixed = (before?.differences ?? []).filter((d) => !now.differences.some((n) => isSame(n, d)))
      const value = { ...now, made: fixed, unseen: UNVERIFIABLE }
      const lines = [
        ...fixed.map((d) => `made: ${describeDifference(d)}`),
        ...now.differences.map((d) => `differs: ${describeDifference(d)}`),
        now.differences.length > 0
          ? `${namespace}: not as FollowerNurture needs it`
          : `${namespace}: as FollowerNurture needs it (Server ${now.serverVersion}, retention ${formatRetention(now.retentionMs ?? 0)})`,
        ...UNVERIFIABLE.map((u) => `cannot be seen from here: ${u.name} should be ${u.want}. ${u.why}`),
      ]
      return { value, text: lines.join('\n'), failed: now.differences.length > 0 }
    } catch (err) {
      throw new CommandError(
        describeTemporalError(err, options.address, 'a namespace and its search attributes'),
      )
    } finally {
      await connection.close()
    }
  },
})

function isSame(a: NamespaceDifference, b: NamespaceDifference): boolean {
  return a.what === b.what && a.name === b.name
}

function describeDifference({
  what,
  name,
  actual: is,
  expected: want,
  fixable: mendable,
}: NamespaceDifference): string {
  const by = mendable ? '' : ' (not to be changed from here)'
  return `${what} ${name}: ${is === null ? 'missing' : `is ${is}`}, wanted ${want}${by}`
}

/** @throws UsageError */
function parseRetention(given: string | undefined): number | undefined {
  if (given === undefined) return undefined
  const ms = parseDuration(given)
  if (ms === null || ms < MIN_RETENTION_MS)
    throw new UsageError(`--retention: "${given}" is no duration of a day or more, like 3d or 36h`)
  return ms
}
