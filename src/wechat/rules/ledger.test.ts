import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
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

const heard = (ledger: Ledger, scene: Scene, at: number, profile: RulesProfileName = 'wechat-2023') =>
  addGrant(ledger, scene, at, allowanceOf(profile, scene))
const followed = heard([], 'subscribe', T0)
const wrote = heard([], 'message', T0)
const grantOf = (ledger: Ledger, scene: Scene) => ledger.find((g) => g.scene === scene)
const payer = (ledger: Ledger, at: number) => selectGrant(ledger, at)?.scene
const spend = (ledger: Ledger, scene: Scene, times?: number) => {
  const grant = grantOf(ledger, scene)
  return grant ? useGrant(ledger, grant, times) : ledger
}

describe('a follower who has just followed', () => {
  it('may get three messages within the minute', () => {
    expect(followed).toEqual([
      { scene: 'subscribe', grantedAt: T0, expiresAt: T0 + MINUTE, quota: 3, used: 0 },
    ])
  })

  it('gets the third, and no fourth', () => {
    expect(payer(spend(followed, 'subscribe', 2), T0)).toBe('subscribe')
    expect(payer(spend(followed, 'subscribe', 3), T0)).toBeUndefined()
  })

  it.each([
    ['at once', 0, true],
    ['when a request can still leave before the last 3 s', 57 * SECOND - MIN_LEFT_MS, true],
    ['a moment later', 57 * SECOND - MIN_LEFT_MS + 1, false],
    ['in the last 3 s', 58 * SECOND, false],
    ['after the minute', MINUTE, false],
    ['a day later', 24 * HOUR, false],
  ])('can be reached %s: %o ms → %o', (_name, after, can) => {
    expect(payer(followed, T0 + after) === 'subscribe').toBe(can)
  })
})

describe('a follower who has written', () => {
  it('may get five messages within 48 hours', () => {
    expect(wrote).toEqual([{ scene: 'message', grantedAt: T0, expiresAt: T0 + 48 * HOUR, quota: 5, used: 0 }])
  })

  it.each([
    ['when a request can still leave before the last minute', 48 * HOUR - MINUTE - MIN_LEFT_MS, true],
    ['a moment later', 48 * HOUR - MINUTE - MIN_LEFT_MS + 1, false],
    ['in the last minute', 48 * HOUR - 30 * SECOND, false],
  ])('can be reached %s: %o ms → %o', (_name, after, can) => {
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
    ['while the follow pays starts then', followed, 20 * SECOND, 20 * SECOND],
    ['inside the margin of the follow starts before it', followed, 58 * SECOND, 57 * SECOND - MARGIN_LEAD_MS],
    ['at the end of the minute starts before the margin', followed, MINUTE, 57 * SECOND - MARGIN_LEAD_MS],
    ['after the minute starts then, to be held', followed, MINUTE + 1, MINUTE + 1],
    [
      'inside the margin of a message starts before it',
      wrote,
      48 * HOUR - SECOND,
      48 * HOUR - MINUTE - MARGIN_LEAD_MS,
    ],
    [
      'when all quota is used starts then, to be held',
      spend(followed, 'subscribe', 3),
      58 * SECOND,
      58 * SECOND,
    ],
    ['without any grant starts then, to be held', [] as Ledger, 58 * SECOND, 58 * SECOND],
    [
      'inside one margin, while another grant pays, starts then',
      [...followed, ...wrote],
      58 * SECOND,
      58 * SECOND,
    ],
  ])('%s', (_name, ledger, after, start) => {
    expect(due(ledger, after)).toBe(start)
  })

  it('inside two margins starts before the later one', () => {
    const scanned = heard(followed, 'scan', T0 + 2 * SECOND)
    expect(due(scanned, MINUTE)).toBe(59 * SECOND - MARGIN_LEAD_MS)
  })

  it('can be paid at its start whenever it was moved, and is never moved later', () => {
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
    const again = heard(spend(wrote, 'message', 4), 'message', T0 + HOUR)
    expect(again).toEqual([
      { scene: 'message', grantedAt: T0 + HOUR, expiresAt: T0 + 49 * HOUR, quota: 5, used: 0 },
    ])
  })

  it('keeps the newer grant when an older interaction arrives late, or the same one twice', () => {
    const used = spend(wrote, 'message', 2)
    expect(heard(used, 'message', T0 - SECOND)).toBe(used)
    expect(heard(used, 'message', T0)).toBe(used)
  })

  it('has grants of different scenes side by side', () => {
    const both = heard(spend(followed, 'subscribe'), 'message', T0 + 30 * SECOND)
    expect(both.map((g) => [g.scene, g.used])).toEqual([
      ['subscribe', 1],
      ['message', 0],
    ])
  })

  it('is paid for by what ends first, then by the next', () => {
    const all = heard(heard(followed, 'message', T0 + SECOND), 'menu', T0 + 2 * SECOND)
    expect(payer(all, T0 + 3 * SECOND)).toBe('subscribe')
    expect(payer(spend(all, 'subscribe', 3), T0 + 3 * SECOND)).toBe('menu')
    expect(payer(all, T0 + 58 * SECOND)).toBe('menu')
    expect(payer(all, T0 + HOUR)).toBe('message')
  })

  it('gets nothing for an interaction that the rules do not reward', () => {
    expect(heard(followed, 'pay', T0 + SECOND)).toBe(followed)
    expect(grantOf(heard(followed, 'pay', T0 + SECOND, 'classic-48h'), 'pay')).toMatchObject({ quota: 20 })
  })
})

describe('a follower who unfollows', () => {
  it('has an empty ledger: nothing pays, nothing can be closed or used', () => {
    const gone: Ledger = []
    expect(selectGrant(gone, T0)).toBeUndefined()
    expect(useGrant(gone, { scene: 'message', grantedAt: T0 })).toEqual([])
    expect(exhaustGrant(gone, { scene: 'message', grantedAt: T0 })).toEqual([])
    expect(closeGrants(gone, [{ scene: 'message', grantedAt: T0 }], T0)).toEqual([])
  })

  it('and follows again has the new follow only', () => {
    const back = heard([], 'subscribe', T0 + HOUR)
    expect(back).toHaveLength(1)
    expect(payer(back, T0 + HOUR)).toBe('subscribe')
  })
})

describe('WeChat knows better', () => {
  const both = heard(followed, 'message', T0 + SECOND)
  const ids = both.map(({ scene, grantedAt }) => ({ scene, grantedAt }))
  const [follow] = followed
  if (!follow) throw new Error('no grant')

  it('and 45047 empties the grant that paid, no other', () => {
    const emptied = exhaustGrant(both, follow)
    expect(emptied.map((g) => g.used)).toEqual([3, 0])
    expect(payer(emptied, T0 + 2 * SECOND)).toBe('message')
  })

  it('and 45047 never lowers a count', () => {
    expect(exhaustGrant(useGrant(followed, follow, 5), follow)[0]?.used).toBe(5)
  })

  it('and 45047 leaves a newer grant of the same scene alone', () => {
    const again = heard(followed, 'subscribe', T0 + 10 * SECOND)
    expect(exhaustGrant(again, follow)).toEqual(again)
  })

  it('and 45015 closes what existed when the request left', () => {
    const closed = closeGrants(both, ids, T0 + 5 * SECOND)
    expect(closed.map((g) => g.expiresAt)).toEqual([T0 + 5 * SECOND, T0 + 5 * SECOND])
    expect(selectGrant(closed, T0 + 5 * SECOND)).toBeUndefined()
  })

  it('and 45015 leaves what came meanwhile, also of the same scene', () => {
    const meanwhile = heard(heard(both, 'message', T0 + 4 * SECOND), 'scan', T0 + 4 * SECOND)
    const closed = closeGrants(meanwhile, ids, T0 + 5 * SECOND)
    expect(closed.map((g) => [g.scene, g.expiresAt - T0])).toEqual([
      ['subscribe', 5 * SECOND],
      ['message', 48 * HOUR + 4 * SECOND],
      ['scan', MINUTE + 4 * SECOND],
    ])
  })

  it('and 45015 never makes a grant live longer', () => {
    expect(closeGrants(followed, [follow], T0 + HOUR)).toEqual(followed)
  })
})

describe('two accounts of the same follower', () => {
  it('are joined to the newer grant of each scene', () => {
    const here = heard(spend(followed, 'subscribe', 2), 'message', T0 + SECOND)
    const there = heard(heard([], 'subscribe', T0 + MINUTE), 'scan', T0)
    expect(mergeLedgers(here, there)).toEqual([
      ...heard([], 'subscribe', T0 + MINUTE),
      ...heard([], 'message', T0 + SECOND),
      ...heard([], 'scan', T0),
    ])
  })

  it('believe the higher count and the earlier end of one grant', () => {
    const used = spend(wrote, 'message', 3)
    const closed = closeGrants(spend(wrote, 'message'), wrote, T0 + HOUR)
    const joined = { ...wrote[0], used: 3, expiresAt: T0 + HOUR }
    expect(mergeLedgers(used, closed)).toEqual([joined])
    expect(mergeLedgers(closed, used)).toEqual([joined])
  })
})

const SCENES = ['subscribe', 'menu', 'scan', 'message', 'pay'] as const
const scenes = fc.constantFrom<Scene>(...SCENES)
const lateness = fc.integer({ min: 0, max: 2 * MINUTE })

/** What can happen to a follower, each some ms after what happened before. */
const happenings = fc.array(
  fc.record({
    afterMs: fc.oneof(
      fc.integer({ min: 0, max: 5 * SECOND }),
      fc.integer({ min: 0, max: 2 * MINUTE }),
      fc.integer({ min: 0, max: 30 * HOUR }),
    ),
    what: fc.oneof(
      {
        weight: 3,
        arbitrary: fc.record({ is: fc.constant('heard' as const), scene: scenes, late: lateness }),
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
type Happening = typeof happenings extends fc.Arbitrary<(infer H)[]> ? H : never

const profiles = fc.constantFrom<RulesProfileName>('wechat-2023', 'classic-48h')

interface Story {
  ledger: Ledger
  /** Every send: what paid for it, when, and after how many unfollows. */
  sends: { payer: Grant; at: number; before: Ledger; follow: number }[]
}

/** Lives through a follower's story as the product does: a send goes only where a grant pays. */
function live(
  story: Happening[],
  profile: RulesProfileName,
  each: (now: Ledger, before: Ledger, h: Happening, at: number) => void = () => {},
): Story {
  let ledger: Ledger = []
  let at = T0
  let follow = 0
  const sends: Story['sends'] = []
  for (const happening of story) {
    at += happening.afterMs
    const before = ledger
    const { what } = happening
    if (what.is === 'heard') ledger = heard(ledger, what.scene, at - what.late, profile)
    else if (what.is === 'unfollowed') {
      ledger = []
      follow++
    } else {
      const grant = selectGrant(ledger, at)
      if (grant && what.is === 'send') {
        sends.push({ payer: grant, at, before, follow })
        ledger = useGrant(ledger, grant)
      } else if (grant && what.is === '45047') ledger = exhaustGrant(ledger, grant)
      else if (grant) ledger = closeGrants(ledger, ledger, at)
    }
    each(ledger, before, happening, at)
  }
  return { ledger, sends }
}

const ledgers = fc.tuple(happenings, profiles).map(([story, profile]) => live(story, profile).ledger)
const twoLedgers = fc
  .tuple(happenings, happenings, profiles)
  .map(([a, b, profile]) => [live(a, profile).ledger, live(b, profile).ledger] as const)

describe('whatever happens to a follower', () => {
  const whatever = (check: (story: Happening[], profile: RulesProfileName) => void) =>
    fc.assert(fc.property(happenings, profiles, check), { numRuns: 300 })

  it('no interaction pays for more than its quota', () => {
    whatever((story, profile) => {
      const { sends } = live(story, profile, (ledger) => {
        for (const g of ledger) expect(g.used).toBeLessThanOrEqual(g.quota)
      })
      for (const { payer: paid, follow } of sends) {
        const together = sends.filter((s) => s.follow === follow && sameGrant(s.payer, paid))
        expect(together.length).toBeLessThanOrEqual(paid.quota)
      }
    })
  })

  it('no spent and no expired grant pays, and none within its margin', () => {
    whatever((story, profile) => {
      for (const { payer: paid, at } of live(story, profile).sends) {
        const margin = paid.expiresAt - paid.grantedAt <= 5 * MINUTE ? 3 * SECOND : MINUTE
        expect(at).toBeLessThan(paid.expiresAt - margin)
        expect(paid.used).toBeLessThan(paid.quota)
      }
    })
  })

  it('of the grants that could pay, the one that ends first does', () => {
    whatever((story, profile) => {
      for (const { payer: paid, at, before } of live(story, profile).sends) {
        const able = before.filter((g) => selectGrant([g], at))
        expect(paid.expiresAt).toBe(Math.min(...able.map((g) => g.expiresAt)))
      }
    })
  })

  it('nothing is sent only when no grant could pay', () => {
    fc.assert(
      fc.property(ledgers, fc.integer({ min: 0, max: 49 * HOUR }), (ledger, after) => {
        const at = T0 + after
        const able = ledger.some((g) => g.used < g.quota && at <= usableUntil(g) - MIN_LEFT_MS)
        expect(selectGrant(ledger, at) !== undefined).toBe(able)
      }),
    )
  })

  it('a scene has one grant at most, and its newest', () => {
    whatever((story, profile) => {
      live(story, profile, (ledger) => {
        expect(new Set(ledger.map((g) => g.scene)).size).toBe(ledger.length)
      })
    })
  })

  it('a newer interaction replaces its scene’s grant, an older one nothing, and neither another scene’s', () => {
    whatever((story, profile) => {
      live(story, profile, (ledger, before, { what }, at) => {
        if (what.is !== 'heard') return
        const allowance = allowanceOf(profile, what.scene)
        const known = grantOf(before, what.scene)
        const newer = allowance && (!known || at - what.late > known.grantedAt)
        expect(grantOf(ledger, what.scene)).toEqual(
          newer
            ? {
                scene: what.scene,
                grantedAt: at - what.late,
                expiresAt: at - what.late + allowance.lifetimeMs,
                quota: allowance.quota,
                used: 0,
              }
            : known,
        )
        for (const scene of SCENES.filter((s) => s !== what.scene))
          expect(grantOf(ledger, scene)).toEqual(grantOf(before, scene))
      })
    })
  })

  it('the order in which interactions arrive does not matter', () => {
    const interactions = fc.uniqueArray(fc.tuple(scenes, fc.integer({ min: 0, max: 50 * HOUR })), {
      selector: ([scene, at]) => `${scene} ${at}`,
      maxLength: 12,
    })
    const orders = interactions.chain((all) =>
      fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length })),
    )
    const ledgerOf = (all: [Scene, number][]) =>
      all.reduce<Ledger>((ledger, [scene, at]) => heard(ledger, scene, T0 + at, 'classic-48h'), [])
    fc.assert(
      fc.property(orders, ([one, other]) => {
        expect(new Set(ledgerOf(other))).toEqual(new Set(ledgerOf(one)))
      }),
    )
  })

  it('an unfollow leaves nothing that pays until the next interaction', () => {
    whatever((story, profile) => {
      live(story, profile, (ledger, _before, { what }, at) => {
        if (what.is === 'unfollowed') expect(selectGrant(ledger, at)).toBeUndefined()
      })
    })
  })

  it('no ledger is changed in place', () => {
    whatever((story, profile) => {
      live(story, profile, (_ledger, before) => {
        for (const g of before) Object.freeze(g)
        Object.freeze(before)
      })
    })
  })

  it('two accounts of it join to the same, whoever begins, and joining twice adds nothing', () => {
    const sorted = (ledger: Ledger) => [...ledger].sort((a, b) => a.scene.localeCompare(b.scene))
    fc.assert(
      fc.property(twoLedgers, ([a, b]) => {
        const joined = mergeLedgers(a, b)
        expect(sorted(joined)).toEqual(sorted(mergeLedgers(b, a)))
        expect(mergeLedgers(joined, b)).toEqual(joined)
        expect(mergeLedgers(a, a)).toEqual(a)
        for (const g of [...a, ...b]) {
          const kept = grantOf(joined, g.scene)
          expect(kept && kept.grantedAt >= g.grantedAt).toBe(true)
          if (kept && sameGrant(kept, g)) expect(kept.used).toBeGreaterThanOrEqual(g.used)
        }
      }),
    )
  })
})
