import { Option } from '@commander-js/extra-typings'
import { isGrpcServiceError } from '@temporalio/client'
import { BUILD_ID_RULE, isBuildId, loadConfig, type WorkerVersion } from '../../config/config.ts'
import { connectTemporal } from '../../temporal/connection.ts'
import {
  createDeployments,
  type Deployments,
  type DeploymentView,
  pinnedRunsQuery,
} from '../../temporal/deployment.ts'
import { CommandError, command, type Output, printing, type Terminal, UsageError } from '../cli-command.ts'
import { toDuration } from '../option-parsers.ts'
import { table } from '../table.ts'
import { describeTemporalError, temporalTarget } from './temporal-target.ts'

const POLL_MS = 500
const DEFAULT_WAIT_MS = 10 * 60_000
/** gRPC: DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED, ABORTED, UNAVAILABLE. Making a build current twice is harmless. */
const RETRYABLE_CODES = new Set([4, 8, 10, 14])

const withinOption = new Option('--within <duration>', 'How long to wait with --wait')
  .argParser(toDuration)
  .default(DEFAULT_WAIT_MS, '10m')

/** `nurture deploy` */
export const deployCommand = (terminal: Terminal) =>
  command('deploy', 'Make this worker build current for new runs (DEPLOYMENT_NAME, BUILD_ID)')
    .option('--build-id <id>', 'The build (default: BUILD_ID)')
    .option('--wait', 'Wait until a worker of the build polls, instead of failing')
    .addOption(withinOption)
    .option('--status', 'Show the builds, and change nothing')
    .action(
      printing(terminal, async ({ buildId, wait, within, status }) => {
        const config = loadConfig()
        const name = config.deployment?.name
        if (!name)
          throw new UsageError(
            'Set DEPLOYMENT_NAME as for the workers. Without it, worker versioning is off.',
          )
        const version = status ? null : parseVersion(name, buildId ?? config.deployment?.buildId)
        const target = temporalTarget(config)
        const link = connectTemporal(target, 'cli')
        try {
          const deployments = createDeployments(link.client)
          if (version) await makeCurrent(deployments, version, wait ? within : 0)
          const view = await deployments.read(name)
          if (!view)
            throw new CommandError(
              `No versioned worker of ${name} has ever polled ${target.namespace}. Start one with DEPLOYMENT_NAME and BUILD_ID.`,
            )
          return describeDeployment(view)
        } catch (err) {
          if (err instanceof CommandError) throw err
          throw new CommandError(describeTemporalError(err, target.connection.address, 'worker deployments'))
        } finally {
          await link.close()
        }
      }),
    )

/**
 * Makes a build current, so that new runs start on it. Retries for `withinMs` while no worker of the build polls, and while
 * Temporal is busy or unreachable.
 * @throws CommandError if no worker of the build polls; otherwise Temporal's last error
 */
export async function makeCurrent(
  deployments: Pick<Deployments, 'isPolled' | 'makeCurrent'>,
  version: WorkerVersion,
  withinMs: number,
): Promise<void> {
  const until = Date.now() + withinMs
  for (;;) {
    try {
      if (await deployments.isPolled(version)) return await deployments.makeCurrent(version)
      if (Date.now() >= until) throw new CommandError(notPolledMessage(version, withinMs))
    } catch (err) {
      if (!isRetryable(err) || Date.now() >= until) throw err
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
  }
}

function isRetryable(err: unknown): boolean {
  return isGrpcServiceError(err) && RETRYABLE_CODES.has(err.code)
}

function notPolledMessage({ deploymentName, buildId }: WorkerVersion, withinMs: number): string {
  const hint = withinMs === 0 ? ', or wait for it with --wait' : ''
  return `No worker of build ${buildId} polls. Start it with DEPLOYMENT_NAME=${deploymentName} BUILD_ID=${buildId}${hint}. Nothing was changed.`
}

type Version = DeploymentView['versions'][number]

/** The command fails while runs are pinned to a build without a worker. */
function describeDeployment(view: DeploymentView): Output {
  const stuck = view.versions.filter((v) => v.openRuns > 0 && !v.worker)
  return {
    value: { ...view, moves: stuck.map((v) => ({ buildId: v.buildId, command: moveCommand(view, v) })) },
    text: deploymentText(view, stuck),
    failed: stuck.length > 0,
  }
}

function deploymentText(view: DeploymentView, stuck: readonly Version[]): string {
  const rows = view.versions.map((v) => [
    v.buildId,
    v.status,
    String(v.openRuns),
    v.worker ? 'polls' : 'none',
    adviceFor(v),
  ])
  const lines = [
    `${view.deployment} in ${view.namespace}: new runs begin on ${view.current ?? 'workers without a version: no build is current'}`,
    table(['build', 'status', 'open runs', 'worker', 'what to do'], rows),
  ]
  for (const v of stuck) {
    const move = moveCommand(view, v)
    lines.push(
      `${v.openRuns} runs are pinned to build ${v.buildId}, which has no worker, so they wait. Start a worker of that build${move ? `, or move the runs to build ${view.current}. Its code must be able to replay their histories:\n  ${move}` : '.'}`,
    )
  }
  return lines.join('\n')
}

function adviceFor(v: Version): string {
  if (v.openRuns > 0) return v.worker ? (isServing(v) ? '' : 'keep its workers') : 'no worker: see below'
  if (isServing(v)) return v.worker ? '' : 'start a worker'
  if (v.status === 'inactive') return 'not deployed yet'
  return v.worker ? 'its workers may be stopped' : ''
}

function isServing(v: Version): boolean {
  return v.status === 'current' || v.status === 'ramping'
}

/** Temporal's own command that moves the open runs of a build to the current build; null if that is the same build. */
function moveCommand(
  { deployment, current, namespace }: DeploymentView,
  { buildId }: Version,
): string | null {
  if (current === null || current === buildId) return null
  const query = pinnedRunsQuery({ deploymentName: deployment, buildId })
  return `temporal workflow update-options --namespace ${namespace} --query "${query}" --versioning-override-behavior auto_upgrade --reason "build ${buildId} has no worker" --yes`
}

/** @throws UsageError */
function parseVersion(deploymentName: string, buildId: string | undefined): WorkerVersion {
  if (buildId && isBuildId(buildId)) return { deploymentName, buildId }
  throw new UsageError(
    `Set the build with --build-id or BUILD_ID: ${BUILD_ID_RULE}${buildId ? `, not ${buildId}` : ''}.`,
  )
}
