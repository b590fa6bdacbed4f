import { type Figure, percentile } from '../stats.ts'
import type { Burst } from './burst.ts'
import type { measureRate } from './rate.ts'
import type { Restart } from './restart.ts'

/** A burst's figures for the page. `npm run load -- burst` prints more of them. */
export function figuresOfBurst(store: string, seconds: number, b: Burst): Figure[] {
  const name = `${b.follows.toLocaleString('en')} follows in ${seconds} s, ${store}`
  const figure = (what: string, unit: string, value: number, aim?: string): Figure => ({
    name: `${name}: ${what}`,
    unit,
    value,
    ...(aim ? { aim } : {}),
  })
  return [
    figure('got their message within their minute', 'followers', b.messages),
    figure('answered with success and not stored', 'followers', b.lost, '0'),
    figure('got their message twice', 'followers', b.messagesTwice, '0'),
    figure('never delivered by WeChat', 'followers', b.neverStored),
    figure('callback answered, p50', 'ms', percentile(b.answered, 0.5)),
    figure('callback answered, p99', 'ms', percentile(b.answered, 0.99)),
    figure('still in the inbox at the end', 'events', b.stillPending),
    ...(b.dispatchedAfter === null ? [] : [figure('all dispatched after', 's', b.dispatchedAfter)]),
    ...Object.entries(b.memory).map(([program, mib]) => figure(`peak memory of ${program}`, 'MiB', mib)),
  ]
}

/** A restart's figures for the page. */
export function figuresOfRestart(r: Restart): Figure[] {
  const name = `kill -9 with ${r.runs.toLocaleString('en')} runs that become due in the outage`
  const figure = (what: string, unit: string, value: number): Figure => ({
    name: `${name}: ${what}`,
    unit,
    value,
  })
  return [
    figure('`ready` after the start', 's', r.readyAfterS),
    figure('first message, after `ready`', 's', r.firstSentS),
    figure('all messages, after `ready`', 's', r.allSentS),
    figure('messages a second', '1/s', r.sent / r.allSentS),
    figure('lost', 'followers', r.lost),
    figure('sent twice', 'followers', r.twice),
    figure(`grant still valid, of ${r.saved.followers}: sent`, 'followers', r.saved.sent),
    figure(
      `grant expired, of ${r.expired.followers}: skipped without a call`,
      'followers',
      r.expired.skipped,
    ),
    figure('peak memory of the Node process after the start', 'MiB', r.memory.after),
  ]
}

/** The figures of the highest rate of follows that is answered in time, and of twice that rate. */
export function figuresOfRate(
  store: string,
  { best, twice }: Awaited<ReturnType<typeof measureRate>>,
): Figure[] {
  const trials = {
    [`highest rate with p99 ≤ 1 s and no failure, ${store}`]: best,
    [`twice that rate, ${store}`]: twice,
  }
  return Object.entries(trials).flatMap(([name, trial]): Figure[] =>
    trial
      ? [
          { name: `${name}: follows a second`, unit: '1/s', value: trial.rate },
          { name: `${name}: callback answered, p99`, unit: 'ms', value: trial.p99 },
          { name: `${name}: failed deliveries`, unit: 'deliveries', value: trial.failed },
        ]
      : [],
  )
}
