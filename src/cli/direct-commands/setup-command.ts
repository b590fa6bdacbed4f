import { InvalidArgumentError, Option } from '@commander-js/extra-typings'
import { parseDuration } from '../../campaign/duration.ts'
import { loadConfig } from '../../config/config.ts'
import { lazyConnection } from '../../temporal/lazy-connection.ts'
import {
  diffNamespace,
  formatRetention,
  MIN_RETENTION_MS,
  type NamespaceDifference,
  RETENTION_MS,
  setUpNamespace,
} from '../../temporal/namespace-setup.ts'
import { CommandError, command, type Output, printing, type Terminal } from '../cli-command.ts'
import { describeTemporalError, temporalTarget } from './temporal-target.ts'

const TIMEOUT_MS = 30_000

/** Settings that a Temporal server does not show to clients. */
const UNVERIFIABLE_SETTINGS = [
  {
    what: 'dynamic-config',
    name: 'matching.enableFairness',
    expected: 'true',
    why: 'Temporal does not expose its dynamic configuration to clients. Check its configuration file.',
  },
]

const retentionOption = new Option(
  '--retention <duration>',
  `How long Temporal keeps closed runs (default: ${formatRetention(RETENTION_MS)} for a new namespace, unchanged for an existing one)`,
).argParser(toRetention)

/** `nurture setup` */
export const setupCommand = (terminal: Terminal) =>
  command('setup', 'Create the namespace and search attributes in Temporal (TEMPORAL_*); safe to repeat')
    .option('--check', 'Change nothing, and report what differs; exit code 1 if anything does')
    .addOption(retentionOption)
    .action(
      printing(terminal, async ({ check, retention: retentionMs }) => {
        const { connection: options, namespace } = temporalTarget(loadConfig())
        const connection = lazyConnection(options)
        const requestedRetention = retentionMs === undefined ? {} : { retentionMs }
        try {
          const before = check
            ? null
            : await setUpNamespace(connection, { namespace, ...requestedRetention, timeoutMs: TIMEOUT_MS })
          const now = await diffNamespace(connection, namespace, retentionMs)
          const made = (before?.differences ?? []).filter((d) => !now.differences.some((n) => isSame(n, d)))
          return describeSetup(now, made)
        } catch (err) {
          throw new CommandError(
            describeTemporalError(err, options.address, 'a namespace and its search attributes'),
          )
        } finally {
          await connection.close()
        }
      }),
    )

/** @param made differences that this command resolved */
function describeSetup(
  now: Awaited<ReturnType<typeof diffNamespace>>,
  made: readonly NamespaceDifference[],
): Output {
  const { differences, serverVersion, retentionMs } = now
  const ok = differences.length === 0
  const lines = [
    ...made.map((d) => `made: ${describeDifference(d)}`),
    ...differences.map((d) => `differs: ${describeDifference(d)}`),
    ok
      ? `${now.namespace}: set up for FollowerNurture (Server ${serverVersion}, retention ${formatRetention(retentionMs ?? 0)})`
      : `${now.namespace}: not set up for FollowerNurture`,
    ...UNVERIFIABLE_SETTINGS.map(
      (u) => `cannot be checked from here: ${u.name} should be ${u.expected}. ${u.why}`,
    ),
  ]
  return { value: { ...now, made, unverified: UNVERIFIABLE_SETTINGS }, text: lines.join('\n'), failed: !ok }
}

function isSame(a: NamespaceDifference, b: NamespaceDifference): boolean {
  return a.what === b.what && a.name === b.name
}

function describeDifference({ what, name, actual, expected, fixable }: NamespaceDifference): string {
  const note = fixable ? '' : ' (cannot be changed from here)'
  return `${what} ${name}: ${actual === null ? 'missing' : `is ${actual}`}, should be ${expected}${note}`
}

/** @throws InvalidArgumentError */
function toRetention(text: string): number {
  const ms = parseDuration(text)
  if (ms === null || ms < MIN_RETENTION_MS)
    throw new InvalidArgumentError(`"${text}" is not a duration of at least one day, like 3d or 36h.`)
  return ms
}
