import { Context } from '@temporalio/activity'
import { type HandoverResult, openedSession } from '../../src/run/handover.ts'
import { maskId } from '../../src/shared/ids.ts'
import { recordAgentSession } from '../../src/store/runs/follower-rows.ts'
import { withToken } from '../../src/wechat/api/with-token.ts'
import { attemptDeadline } from '../attempt/attempt-deadline.ts'
import { currentRun } from '../attempt/current-run.ts'
import { endOnError } from '../attempt/end-on-error.ts'
import { retryOnProblem, retryWhenAccountActive } from '../attempt/retry-on-problem.ts'
import { withSendSlot } from '../attempt/with-send-slot.ts'
import type { ActivityDeps } from '../deps.ts'

/** A follower to hand over to a human agent. */
export interface HandOverInput {
  step: string
  /** The agent's account, `name@account`. */
  agent: string
  /** When the workflow decided, epoch ms by the follower's clock. */
  now: number
  /** Time left for the handover, ms, at `now`. */
  leftMs: number
}

type Refused = Extract<HandoverResult, { result: 'refused' }>

/** Attempts while WeChat is busy: about half a minute (1, 2, 4, 8, 16 s). */
const MAX_ATTEMPTS = 6

/**
 * Opens a session of the run's follower with a human agent. A repetition changes nothing: WeChat answers 0 for a session that
 * exists. Returns a permanent refusal as a value.
 */
export function createHandOver(deps: ActivityDeps) {
  return async function handOver(input: HandOverInput): Promise<HandoverResult> {
    return endOnError(
      deps,
      () => handOverWithinDeadline(deps, input),
      async (error) => refuse(deps, input, 'handover-failed', { reason: error, errcode: null }),
    )
  }
}

async function handOverWithinDeadline(deps: ActivityDeps, input: HandOverInput): Promise<HandoverResult> {
  const { info } = Context.current()
  const deadline = attemptDeadline(input, info)
  const { appId, openId } = currentRun()
  const onDeadline = async (reason: string): Promise<HandoverResult> =>
    refuse(deps, input, 'handover-failed', { reason, errcode: null })
  return withSendSlot(deps, deadline, onDeadline, async () => {
    const account = await deps.accounts.find(appId)
    if (!account?.active) return await retryWhenAccountActive(account, deadline, onDeadline)
    const at = deadline.now()
    const opened = await withToken(deps.tokens, appId, 'agents', (accessToken) =>
      account.client.openAgentSession(accessToken, { openId, agent: input.agent }),
    )
    if (opened.ok) {
      const result = { result: 'opened', at } as const
      await recordAgentSession(deps.db, { appId, openId }, openedSession(result), deps.now())
      return result
    }
    if (opened.is === 'refused') return refuse(deps, input, 'no-agent', opened)
    const fail = async (): Promise<HandoverResult> => refuse(deps, input, 'handover-failed', opened)
    if (opened.is === 'transient' && info.attempt >= MAX_ATTEMPTS) return await fail()
    const retry = { deadline, attempt: info.attempt, onDeadline: fail }
    return (await retryOnProblem(deps, account, opened, retry)) ?? (await fail())
  })
}

function refuse(
  { log }: ActivityDeps,
  { step, agent }: HandOverInput,
  stepReason: Refused['reason'],
  { reason, errcode }: { reason: string; errcode: number | null },
): Refused {
  const { appId, openId } = currentRun()
  log.warn({ appId, openId: maskId(openId), step, agent, errcode, reason }, 'follower not handed over')
  return { result: 'refused', reason: stepReason, errcode }
}
