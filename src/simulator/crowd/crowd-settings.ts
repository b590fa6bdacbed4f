import { z } from 'zod'

/** What a follower of a crowd does after the follow. */
export const BEHAVIOURS = [
  'silent',
  'replies',
  'chats',
  'menu',
  'scans',
  'leaves-at-once',
  'leaves-later',
] as const
export type Behaviour = (typeof BEHAVIOURS)[number]

export const MOST_FOLLOWERS = 20_000
export const MOST_SECONDS = 3_600
/** Arrivals. Above this, one process cannot push as fast as it should, so the crowd would measure itself. */
export const MOST_PER_SECOND = 500

export interface CrowdSettings {
  followers: number
  /** Over how long they arrive, at a constant rate. */
  seconds: number
  /** The text of the first reply. */
  reply: string
  /** Weights: shares of their sum. */
  mix: Record<Behaviour, number>
  /** At the end, the clocks of those who still follow are moved forward until their series are over. */
  fastClock: boolean
}

export const DEFAULT_SETTINGS: CrowdSettings = {
  followers: 1_000,
  seconds: 60,
  reply: '1',
  mix: {
    silent: 25,
    replies: 35,
    chats: 15,
    menu: 10,
    scans: 5,
    'leaves-at-once': 5,
    'leaves-later': 5,
  },
  fastClock: false,
}

/** Which setting is wrong, and how. The page has words for it in both languages. */
export interface CrowdProblem {
  field: 'followers' | 'seconds' | 'reply' | 'mix' | 'fastClock'
  problem: 'out-of-range' | 'too-fast' | 'empty' | 'invalid' | 'no-clock'
  message: string
}

/** The settings of a crowd are refused. */
export class CrowdSettingsError extends Error {
  override name = 'CrowdSettingsError'
  readonly problems: readonly CrowdProblem[]

  constructor(problems: readonly CrowdProblem[]) {
    super(problems.map(({ message }) => message).join('; '))
    this.problems = problems
  }
}

const weight = z.number().min(0).max(100)
const body = z.strictObject({
  followers: z.int().min(1).max(MOST_FOLLOWERS).default(DEFAULT_SETTINGS.followers),
  seconds: z.int().min(1).max(MOST_SECONDS).default(DEFAULT_SETTINGS.seconds),
  reply: z.string().trim().min(1).max(100).default(DEFAULT_SETTINGS.reply),
  mix: z.partialRecord(z.enum(BEHAVIOURS), weight).default(DEFAULT_SETTINGS.mix),
  fastClock: z.boolean().default(DEFAULT_SETTINGS.fastClock),
})

const MESSAGES: Record<string, CrowdProblem> = {
  followers: {
    field: 'followers',
    problem: 'out-of-range',
    message: `followers must be a whole number from 1 to ${MOST_FOLLOWERS}`,
  },
  seconds: {
    field: 'seconds',
    problem: 'out-of-range',
    message: `seconds must be a whole number from 1 to ${MOST_SECONDS}`,
  },
  reply: { field: 'reply', problem: 'invalid', message: 'reply must be a text of 1 to 100 characters' },
  mix: {
    field: 'mix',
    problem: 'invalid',
    message: `mix must have numbers from 0 to 100 for some of ${BEHAVIOURS.join(', ')}`,
  },
  fastClock: { field: 'fastClock', problem: 'invalid', message: 'fastClock must be true or false' },
}

/** @throws CrowdSettingsError that names every wrong setting */
export function readCrowdSettings(input: unknown): CrowdSettings {
  const read = body.safeParse(input)
  if (!read.success) {
    const wrong = new Set(read.error.issues.map((issue) => String(issue.path[0] ?? '')))
    const known = [...wrong].flatMap((field) => MESSAGES[field] ?? [])
    throw known.length > 0
      ? new CrowdSettingsError(known)
      : new Error(`a crowd is {followers, seconds, reply, mix, fastClock}: ${read.error.issues[0]?.message}`)
  }
  const { followers, seconds, reply, mix, fastClock } = read.data
  const full = Object.fromEntries(BEHAVIOURS.map((b) => [b, mix[b] ?? 0])) as CrowdSettings['mix']
  const problems: CrowdProblem[] = []
  if (followers / seconds > MOST_PER_SECOND)
    problems.push({
      field: 'seconds',
      problem: 'too-fast',
      message: `at most ${MOST_PER_SECOND} followers a second can arrive: ${followers} need ${Math.ceil(followers / MOST_PER_SECOND)} s`,
    })
  if (Object.values(full).every((share) => share === 0))
    problems.push({ field: 'mix', problem: 'empty', message: 'mix needs a behaviour above 0' })
  if (problems.length > 0) throw new CrowdSettingsError(problems)
  return { followers, seconds, reply, mix: full, fastClock }
}
