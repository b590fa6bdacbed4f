import { type ActivityDeps, createActivities } from '../../../activities/index.ts'
import { createTestSend } from '../../../activities/send/test-send.ts'
import { createSendThrottle, type SendThrottle } from '../../../activities/throttle/send-throttle.ts'
import type { TestSend } from '../../campaign/test-send.ts'
import type { PlatformService } from '../../platform/platform-service.ts'
import { nextDayInBeijing } from '../../shared/beijing-time.ts'
import type { Metrics } from '../../shared/metrics.ts'
import { recently } from '../../shared/recently.ts'
import { canSend } from '../../store/accounts/account.ts'
import { cohortOfRun } from '../../store/campaigns/cohort-of-run.ts'
import { SEND_SLOTS } from '../../temporal/workers.ts'
import type { TokenProvider } from '../../wechat/api/tokens.ts'
import { isSecretRefused, remedyOf, textOf } from '../../wechat/rules/errcodes.ts'
import { createAccountTokens } from './account-tokens.ts'
import type { ServiceContext } from './context.ts'
import { createSendQuotaFetcher, currentRate } from './fetch-send-quota.ts'

type StopAccount = ActivityDeps['accounts']['stop']

/** The sending side of a process. */
export interface Sending {
  tokens: TokenProvider
  /** Stops an account after an errcode of WeChat. */
  stopAccount: StopAccount
  activities: ReturnType<typeof createActivities>
  /** Sends the messages of a test, while an operator waits. */
  testSend: TestSend
}

/** Creates throttle, access tokens and activities. */
export function createSending(
  context: ServiceContext,
  ports: {
    /** Fetches the tokens of accounts that authorised the platform; null when none is configured. */
    platform(): PlatformService | null
    /** Makes stored changes of accounts live in this process. */
    reloadConfig(): Promise<void>
    /** Dispatches events that a step has stored. */
    wakeDispatcher(): void
  },
): Sending {
  const { config, db, log, now, metrics, campaigns } = context
  const throttle = createSendThrottle({
    slots: SEND_SLOTS,
    now,
    onChange(appId, open) {
      metrics.circuitsOpen.inc(open ? 1 : -1)
      log.warn({ appId }, open ? 'circuit opened for account' : 'circuit closed for account')
    },
  })
  const stopAccount = createStopAccount(context)
  const tokens = createAccountTokens(context, { ...ports, throttle, stopAccount })
  const accounts = createSendAccounts(context, { throttle, stopAccount })
  const activityDeps: ActivityDeps = {
    db,
    log,
    now,
    tokens,
    throttle,
    cohortOf: (appId, start) => cohortOfRun({ campaigns, accounts }, appId, start),
    messageOf: campaigns.messageOf,
    recentMessageOf: recently(campaigns.messageOf),
    accounts,
    metrics: sendMetrics(metrics),
    publicUrl: config.publicUrl,
    onEvents: ports.wakeDispatcher,
  }
  return {
    tokens,
    stopAccount,
    activities: createActivities(activityDeps),
    testSend: createTestSend(activityDeps),
  }
}

/** Stops an account and logs the remedy. An exhausted daily quota stops it until midnight in Beijing. */
function createStopAccount({ accounts, log, now }: ServiceContext): StopAccount {
  return async (appId, state, errcode) => {
    const until = state === 'quota-exhausted' ? nextDayInBeijing(now()) : null
    log.error({ appId, state, errcode, remedy: remedyOf(errcode).en }, 'account stopped by WeChat')
    const reason = textOf(errcode, isSecretRefused(errcode) ? 'token' : 'send')
    await accounts.setState(appId, state, `${errcode} ${reason}`, until)
  }
}

function createSendAccounts(
  { accounts, now, clientOf }: ServiceContext,
  { throttle, stopAccount }: { throttle: SendThrottle; stopAccount: StopAccount },
): ActivityDeps['accounts'] {
  const find: ActivityDeps['accounts']['find'] = async (appId) => {
    const account = await accounts.find(appId)
    return (
      account && {
        ...account,
        active: canSend(account, now()),
        rate: currentRate(account.sendQuota, now()),
        client: throttle.observe(appId, clientOf(account)),
      }
    )
  }
  return {
    find,
    findRecent: recently(find),
    stop: stopAccount,
    fetchSendQuota: createSendQuotaFetcher({ accounts, now }),
    recordInvalidRecipient: accounts.recordInvalidRecipient,
    recordValidRecipient: accounts.recordValidRecipient,
    recordRefusedKind: accounts.recordRefusedKind,
    recordAcceptedKind: accounts.recordAcceptedKind,
  }
}

function sendMetrics(metrics: Metrics): ActivityDeps['metrics'] {
  const labelOf = (errcode: number | null) => (errcode === null ? '' : String(errcode))
  return {
    sent: (result, errcode) => metrics.sends.inc({ result, errcode: labelOf(errcode) }),
    attempt: (kind, errcode) => metrics.sendAttempts.inc({ class: kind, errcode: labelOf(errcode) }),
    mismatch: (errcode) => metrics.grantMismatches.inc({ errcode: String(errcode) }),
    held: (reason) => metrics.stepsHeld.inc({ reason }),
    lateness(ms, wasHeld) {
      metrics.lateness.observe(ms / 1000)
      if (!wasHeld) metrics.unheldLateness.observe(ms / 1000)
    },
    skipped: (reason) => metrics.stepsSkipped.inc({ reason }),
    ended: (outcome) => metrics.runsEnded.inc({ outcome }),
    snapshotReduced: (stored) => metrics.snapshotsReduced.inc({ stored }),
  }
}
