import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { propertyRuns } from '../../../test/harness/property-runs.ts'
import {
  addGrant,
  closeGrants,
  exhaustGrant,
  type Grant,
  type Ledger,
  MARGIN_LEAD_MS,
  MIN_LEFT_MS,
  mergeLedgers,
  sameGrant,
  selectGrant,
  startTime,
  usableUntil,
  useGrant,
} from './ledger.ts'
import { allowanceOf, type RulesProfileName, type Scene } from './rules.ts'

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const T0 = Date.UTC(2026, 10, 23)

const granted = (ledger: Ledger, scene: Scene, at: number, profile: RulesProfileName = 'wechat-2023') =>
  addGrant(ledger, scene, at, allowanceOf(profile, scene))
const followed = granted([], 'subscribe', T0)
const wrote = granted([], 'message', T0)
const grantOf = (ledger: Ledger, scene: Scene) => ledger.find((g) => g.scene === scene)
const payer = (ledger: Ledger, at: number) => selectGrant(ledger, at)?.scene
const spend = (ledger: Ledger, scene: Scene, times?: number) => {
  const grant = grantOf(ledger, scene)
  return grant ? useGrant(ledger, grant, times) : ledger
}

describe('a new follower', () => {
  it('may get three messages within a minute', () => {
    expect(followed).toEqual([
      { scene: 'subscribe', grantedAt: T0, expiresAt: T0 + MINUTE, quota: 3, used: 0 },
    ])
  })

  it('gets a third message, and no fourth', () => {
    expect(payer(spend(followed, 'subscribe', 2), T0)).toBe('subscribe')
    expect(payer(spend(followed, 'subscribe', 3), T0)).toBeUndefined()
  })

  it.each([
    ['at once', 0, true],
    ['when a request can still be sent before the last 3 s', 57 * SECOND - MIN_LEFT_MS, true],
    ['a moment later', 57 * SECOND - MIN_LEFT_MS + 1, false],
    ['in the last 3 s', 58 * SECOND, false],
    ['after the minute', MINUTE, false],
    ['a day later', 24 * HOUR, false],
  ])('can get a message %s: %o ms → %o', (_name, after, can) => {
    expect(payer(followed, T0 + after) === 'subscribe').toBe(can)
  })
})

describe('a follower who has sent a message', () => {
  it('may get five messages within 48 hours', () => {
    expect(wrote).toEqual([{ scene: 'message', grantedAt: T0, expiresAt: T0 + 48 * HOUR, quota: 5, used: 0 }])
  })

  it.each([
    ['when a request can still be sent before the last minute', 48 * HOUR - MINUTE - MIN_LEFT_MS, true],
    ['a moment later', 48 * HOUR - MINUTE - MIN_LEFT_MS + 1, false],
    ['in the last minute', 48 * HOUR - 30 * SECOND, false],
  ])('can get a message %s: %o ms → %o', (_name, after, can) => {
    expect(payer(wrote, T0 + after) === 'message').toBe(can)
  })
})

describe('the margin before the end of a grant', () => {
  it.each([
    [3 * SECOND, 3 * SECOND],
    [MINUTE, 3 * SECOND],
    [5 * MINUTE, 3 * SECOND],
    [5 * MINUTE + 1, MINUTE],
    [48 * HOUR, MINUTE],
  ])('of a lifetime of %i ms is %i ms', (lifetimeMs, margin) => {
    const [grant] = addGrant([], 'message', T0, { quota: 1, lifetimeMs })
    expect(grant && grant.expiresAt - usableUntil(grant)).toBe(margin)
  })
})

describe('a step that is due', () => {
  const due = (ledger: Ledger, after: number) => startTime(ledger, T0 + after) - T0

  it.each([
    ['while the follow pays starts at its time', followed, 20 * SECOND, 20 * SECOND],
    [
      'at the last moment at which the follow pays starts at its time',
      followed,
      57 * SECOND - MIN_LEFT_MS,
      57 * SECOND - MIN_LEFT_MS,
    ],
    ['inside the margin of the follow starts before it', followed, 58 * SECOND, 57 * SECOND - MARGIN_LEAD_MS],
    ['at the end of the minute starts before the margin', followed, MINUTE, 57 * SECOND - MARGIN_LEAD_MS],
    ['after the minute starts at its time, and is held', followed, MINUTE + 1, MINUTE + 1],
    [
      'inside the margin of a message starts before it',
      wrote,
      48 * HOUR - SECOND,
      48 * HOUR - MINUTE - MARGIN_LEAD_MS,
    ],
    [
      'when all quota is used starts at its time, and is held',
      spend(followed, 'subscribe', 3),
      58 * SECOND,
      58 * SECOND,
    ],
    ['without any grant starts at its time, and is held', [] as Ledger, 58 * SECOND, 58 * SECOND],
    [
      'inside one margin, while another grant can pay, starts at its time',
      [...followed, ...wrote],
      58 * SECOND,
      58 * SECOND,
    ],
  ])('%s', (_name, ledger, after, start) => {
    expect(due(ledger, after)).toBe(start)
  })

  it('inside two margins starts before the later one', () => {
    const scanned = granted(followed, 'scan', T0 + 2 * SECOND)
    expect(due(scanned, MINUTE)).toBe(59 * SECOND - MARGIN_LEAD_MS)
  })

  it('is never moved later, and a grant can pay at its new time', () => {
    fc.assert(
      fc.property(ledgers, fc.integer({ min: -MINUTE, max: 49 * HOUR }), (ledger, after) => {
        const at = T0 + after
        const start = startTime(ledger, at)
        expect(start).toBeLessThanOrEqual(at)
        if (start < at) {
          expect(selectGrant(ledger, at)).toBeUndefined()
          expect(selectGrant(ledger, start)).toBeDefined()
        }
      }),
    )
  })
})

describe('a follower who interacts again', () => {
  it('has the quota of the newer interaction, not the sum', () => {
    const newer = granted(spend(wrote, 'message', 4), 'message', T0 + HOUR)
    expect(newer).toEqual([
      { scene: 'message', grantedAt: T0 + HOUR, expiresAt: T0 + 49 * HOUR, quota: 5, used: 0 },
    ])
  })

  it('keeps the newer grant when an older interaction arrives late, or the same one twice', () => {
    const used = spend(wrote, 'message', 2)
    expect(granted(used, 'message', T0 - SECOND)).toBe(used)
    expect(granted(used, 'message', T0)).toBe(used)
  })

  it('has grants of different scenes at the same time', () => {
    const both = granted(spend(followed, 'subscribe'), 'message', T0 + 30 * SECOND)
    expect(both.map((g) => [g.scene, g.used])).toEqual([
      ['subscribe', 1],
      ['message', 0],
    ])
  })

  it('is paid for by the grant that expires first, then by the next', () => {
    const all = granted(granted(followed, 'message', T0 + SECOND), 'menu', T0 + 2 * SECOND)
    expect(payer(all, T0 + 3 * SECOND)).toBe('subscribe')
    expect(payer(spend(all, 'subscribe', 3), T0 + 3 * SECOND)).toBe('menu')
    expect(payer(all, T0 + 58 * SECOND)).toBe('menu')
    expect(payer(all, T0 + HOUR)).toBe('message')
  })

  it('gets no grant for an interaction after which the rules allow nothing', () => {
    expect(granted(followed, 'pay', T0 + SECOND)).toBe(followed)
    expect(grantOf(granted(followed, 'pay', T0 + SECOND, 'classic-48h'), 'pay')).toMatchObject({ quota: 20 })
  })
})

describe('a follower who unfollows', () => {
  it('has an empty ledger, in which no grant can pay, be closed or be used', () => {
    const gone: Ledger = []
    expect(selectGrant(gone, T0)).toBeUndefined()
    expect(useGrant(gone, { scene: 'message', grantedAt: T0 })).toEqual([])
    expect(exhaustGrant(gone, { scene: 'message', grantedAt: T0 })).toEqual([])
    expect(closeGrants(gone, [{ scene: 'message', grantedAt: T0 }], T0)).toEqual([])
  })

  it('and follows again has the grant of the new follow only', () => {
    const back = granted([], 'subscribe', T0 + HOUR)
    expect(back).toHaveLength(1)
    expect(payer(back, T0 + HOUR)).toBe('subscribe')
  })
})

describe('an errcode of WeChat about a grant', () => {
  const both = granted(followed, 'message', T0 + SECOND)
  const ids = both.map(({ scene, grantedAt }) => ({ scene, grantedAt }))
  const [follow] = followed
  if (!follow) throw new Error('no grant')

  it('45047 exhausts the grant that paid, and no other', () => {
    const exhausted = exhaustGrant(both, follow)
    expect(exhausted.map((g) => g.used)).toEqual([3, 0])
    expect(payer(exhausted, T0 + 2 * SECOND)).toBe('message')
  })

  it('45047 never lowers the use of a grant', () => {
    expect(exhaustGrant(useGrant(followed, follow, 5), follow)[0]?.used).toBe(5)
  })

  it('45047 keeps a newer grant of the same scene', () => {
    const newer = granted(followed, 'subscribe', T0 + 10 * SECOND)
    expect(exhaustGrant(newer, follow)).toEqual(newer)
  })

  it('45015 closes the grants that existed when the request was sent', () => {
    const closed = closeGrants(both, ids, T0 + 5 * SECOND)
    expect(closed.map((g) => g.expiresAt)).toEqual([T0 + 5 * SECOND, T0 + 5 * SECOND])
    expect(selectGrant(closed, T0 + 5 * SECOND)).toBeUndefined()
  })

  it('45015 keeps grants that arrived meanwhile, also of the same scene', () => {
    const meanwhile = granted(granted(both, 'message', T0 + 4 * SECOND), 'scan', T0 + 4 * SECOND)
    const closed = closeGrants(meanwhile, ids, T0 + 5 * SECOND)
    expect(closed.map((g) => [g.scene, g.expiresAt - T0])).toEqual([
      ['subscribe', 5 * SECOND],
      ['message', 48 * HOUR + 4 * SECOND],
      ['scan', MINUTE + 4 * SECOND],
    ])
  })

  it('45015 never extends a grant', () => {
    expect(closeGrants(followed, [follow], T0 + HOUR)).toEqual(followed)
  })
})

describe('two ledgers of the same follower', () => {
  it('are merged to the newer grant of each scene', () => {
    const here = granted(spend(followed, 'subscribe', 2), 'message', T0 + SECOND)
    const there = granted(granted([], 'subscribe', T0 + MINUTE), 'scan', T0)
    expect(mergeLedgers(here, there)).toEqual([
      ...granted([], 'subscribe', T0 + MINUTE),
      ...granted([], 'message', T0 + SECOND),
      ...granted([], 'scan', T0),
    ])
  })

  it('are merged to the higher use and the earlier end of one grant', () => {
    const used = spend(wrote, 'message', 3)
    const closed = closeGrants(spend(wrote, 'message'), wrote, T0 + HOUR)
    const merged = { ...wrote[0], used: 3, expiresAt: T0 + HOUR }
    expect(mergeLedgers(used, closed)).toEqual([merged])
    expect(mergeLedgers(closed, used)).toEqual([merged])
  })
})

const SCENES = ['subscribe', 'menu', 'scan', 'message', 'pay'] as const
const scenes = fc.constantFrom<Scene>(...SCENES)
const lateness = fc.integer({ min: 0, max: 2 * MINUTE })

/** Random events of a follower. `afterMs`: time since the previous event. */
const eventLists = fc.array(
  fc.record({
    afterMs: fc.oneof(
      fc.integer({ min: 0, max: 5 * SECOND }),
      fc.integer({ min: 0, max: 2 * MINUTE }),
      fc.integer({ min: 0, max: 30 * HOUR }),
    ),
    event: fc.oneof(
      {
        weight: 3,
        arbitrary: fc.record({ is: fc.constant('interaction' as const), scene: scenes, late: lateness }),
      },
      { weight: 6, arbitrary: fc.record({ is: fc.constant('send' as const) }) },
      {
        weight: 1,
        arbitrary: fc.record({
          is: fc.constantFrom('45047' as const, '45015' as const, 'unfollowed' as const),
        }),
      },
    ),
  }),
  { maxLength: 60 },
)
type TimedEvent = typeof eventLists extends fc.Arbitrary<(infer E)[]> ? E : never

const profiles = fc.constantFrom<RulesProfileName>('wechat-2023', 'classic-48h')

interface Simulation {
  ledger: Ledger
  /** Every send: the grant that paid, its time, the ledger before it, and the number of unfollows before it. */
  sends: { payer: Grant; at: number; before: Ledger; follow: number }[]
}

/** Applies the events as the product does: a send happens only when a grant can pay. */
function simulate(
  events: TimedEvent[],
  profile: RulesProfileName,
  each: (now: Ledger, before: Ledger, event: TimedEvent, at: number) => void = () => {},
): Simulation {
  let ledger: Ledger = []
  let at = T0
  let follow = 0
  const sends: Simulation['sends'] = []
  for (const timed of events) {
    at += timed.afterMs
    const before = ledger
    const { event } = timed
    if (event.is === 'interaction') ledger = granted(ledger, event.scene, at - event.late, profile)
    else if (event.is === 'unfollowed') {
      ledger = []
      follow++
    } else {
      const grant = selectGrant(ledger, at)
      if (grant && event.is === 'send') {
        sends.push({ payer: grant, at, before, follow })
        ledger = useGrant(ledger, grant)
      } else if (grant && event.is === '45047') ledger = exhaustGrant(ledger, grant)
      else if (grant) ledger = closeGrants(ledger, ledger, at)
    }
    each(ledger, before, timed, at)
  }
  return { ledger, sends }
}

const ledgers = fc.tuple(eventLists, profiles).map(([events, profile]) => simulate(events, profile).ledger)
const twoLedgers = fc
  .tuple(eventLists, eventLists, profiles)
  .map(([a, b, profile]) => [simulate(a, profile).ledger, simulate(b, profile).ledger] as const)

describe('a ledger after random events', () => {
  const checkAll = (check: (events: TimedEvent[], profile: RulesProfileName) => void) =>
    fc.assert(fc.property(eventLists, profiles, check), { numRuns: propertyRuns(300) })

  it('pays for no more messages than the quota of each interaction', () => {
    checkAll((events, profile) => {
      const { sends } = simulate(events, profile, (ledger) => {
        for (const g of ledger) expect(g.used).toBeLessThanOrEqual(g.quota)
      })
      for (const { payer: paid, follow } of sends) {
        const paidTogether = sends.filter((s) => s.follow === follow && sameGrant(s.payer, paid))
        expect(paidTogether.length).toBeLessThanOrEqual(paid.quota)
      }
    })
  })

  it('has no exhausted or expired grant pay, and none within its margin', () => {
    checkAll((events, profile) => {
      for (const { payer: paid, at } of simulate(events, profile).sends) {
        const margin = paid.expiresAt - paid.grantedAt <= 5 * MINUTE ? 3 * SECOND : MINUTE
        expect(at).toBeLessThan(paid.expiresAt - margin)
        expect(paid.used).toBeLessThan(paid.quota)
      }
    })
  })

  it('has the grant pay that expires first among those that can', () => {
    checkAll((events, profile) => {
      for (const { payer: paid, at, before } of simulate(events, profile).sends) {
        const able = before.filter((g) => selectGrant([g], at))
        expect(paid.expiresAt).toBe(Math.min(...able.map((g) => g.expiresAt)))
      }
    })
  })

  it('has a grant pay whenever one can', () => {
    fc.assert(
      fc.property(ledgers, fc.integer({ min: 0, max: 49 * HOUR }), (ledger, after) => {
        const at = T0 + after
        const able = ledger.some((g) => g.used < g.quota && at <= usableUntil(g) - MIN_LEFT_MS)
        expect(selectGrant(ledger, at) !== undefined).toBe(able)
      }),
    )
  })

  it('has at most one grant for each scene', () => {
    checkAll((events, profile) => {
      simulate(events, profile, (ledger) => {
        expect(new Set(ledger.map((g) => g.scene)).size).toBe(ledger.length)
      })
    })
  })

  it('has the grant of the newest interaction of each scene, whatever happens in other scenes', () => {
    checkAll((events, profile) => {
      simulate(events, profile, (ledger, before, { event }, at) => {
        if (event.is !== 'interaction') return
        const allowance = allowanceOf(profile, event.scene)
        const known = grantOf(before, event.scene)
        const newer = allowance && (!known || at - event.late > known.grantedAt)
        expect(grantOf(ledger, event.scene)).toEqual(
          newer
            ? {
                scene: event.scene,
                grantedAt: at - event.late,
                expiresAt: at - event.late + allowance.lifetimeMs,
                quota: allowance.quota,
                used: 0,
              }
            : known,
        )
        for (const scene of SCENES.filter((s) => s !== event.scene))
          expect(grantOf(ledger, scene)).toEqual(grantOf(before, scene))
      })
    })
  })

  it('does not depend on the order in which interactions arrive', () => {
    const interactions = fc.uniqueArray(fc.tuple(scenes, fc.integer({ min: 0, max: 50 * HOUR })), {
      selector: ([scene, at]) => `${scene} ${at}`,
      maxLength: 12,
    })
    const orders = interactions.chain((all) =>
      fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length })),
    )
    const ledgerOf = (all: [Scene, number][]) =>
      all.reduce<Ledger>((ledger, [scene, at]) => granted(ledger, scene, T0 + at, 'classic-48h'), [])
    fc.assert(
      fc.property(orders, ([ordered, shuffled]) => {
        expect(new Set(ledgerOf(shuffled))).toEqual(new Set(ledgerOf(ordered)))
      }),
    )
  })

  it('has no grant that pays from an unfollow until the next interaction', () => {
    checkAll((events, profile) => {
      simulate(events, profile, (ledger, _before, { event }, at) => {
        if (event.is === 'unfollowed') expect(selectGrant(ledger, at)).toBeUndefined()
      })
    })
  })

  it('is never mutated', () => {
    checkAll((events, profile) => {
      simulate(events, profile, (_ledger, before) => {
        for (const g of before) Object.freeze(g)
        Object.freeze(before)
      })
    })
  })

  it('merges to the same ledger in either order, and merging again changes nothing', () => {
    const sorted = (ledger: Ledger) => [...ledger].sort((a, b) => a.scene.localeCompare(b.scene))
    fc.assert(
      fc.property(twoLedgers, ([a, b]) => {
        const merged = mergeLedgers(a, b)
        expect(sorted(merged)).toEqual(sorted(mergeLedgers(b, a)))
        expect(mergeLedgers(merged, b)).toEqual(merged)
        expect(mergeLedgers(a, a)).toEqual(a)
        for (const g of [...a, ...b]) {
          const kept = grantOf(merged, g.scene)
          expect(kept && kept.grantedAt >= g.grantedAt).toBe(true)
          if (kept && sameGrant(kept, g)) expect(kept.used).toBeGreaterThanOrEqual(g.used)
        }
      }),
    )
  })
})
