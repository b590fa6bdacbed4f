import type { z } from '@hono/zod-openapi'
import { variantOf } from '../../run/act.ts'
import type { PlanFork } from '../../run/plan-fork.ts'
import { kindOfReason } from '../../run/tally.ts'
import { ANONYMOUS_PREFIX } from '../../store/runs/anonymise-runs.ts'
import type { ExportableRun } from '../../store/runs/export-runs.ts'
import type { exportedRun } from '../schemas/statistics-schemas.ts'
import { withDelivery } from './follower-view.ts'

export type ExportedRun = z.output<typeof exportedRun>

/** How an export names its runs and what it shows of them. */
export interface RunExport {
  campaign: string
  /** The name of a run, from which nobody can tell its key. */
  nameOf(runKey: string): string
  /** Whether the openIds of followers are shown. */
  openIds: boolean
}

/**
 * A run as a line of an export. It has no text of a person: reasons are cut to their kind, because an operator or WeChat may have
 * written the rest.
 * @param forks of its version, as compiled
 */
export function viewExportedRun(
  { campaign, nameOf, openIds }: RunExport,
  run: ExportableRun,
  forks: readonly PlanFork[],
): ExportedRun {
  const byStep = new Map(run.deliveries.map((d) => [d.stepId, d]))
  const { goal } = run
  return {
    runKey: nameOf(run.runKey),
    ...(openIds ? { openId: run.openId.startsWith(ANONYMOUS_PREFIX) ? null : run.openId } : {}),
    campaign,
    version: run.version,
    appId: run.appId,
    entryAt: iso(run.startedAt),
    scene: run.scene,
    variant: variantOf(forks, run.forks),
    outcome: run.outcome,
    steps: run.steps
      .map((step) => withDelivery(step, byStep.get(step.id)))
      .map(({ id, state, sentAt, reason, errcode }) => ({
        id,
        state,
        sentAt: sentAt === null ? null : iso(sentAt),
        reason: reason === null ? null : kindOfReason(reason),
        errcode,
      })),
    goal: goal && { at: iso(goal.at), value: goal.value, step: goal.step },
  }
}

const iso = (at: number): string => new Date(at).toISOString()
