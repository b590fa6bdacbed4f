import { pino } from 'pino'
import { expect, it } from 'vitest'
import { createRateLimitedLog } from './rate-limited-log.ts'

it('writes one line a second for a burst of one kind, with the number of suppressed lines; other kinds are independent', () => {
  const lines: string[] = []
  let now = 0
  const logLimited = createRateLimitedLog(
    pino({ base: undefined }, { write: (l: string) => lines.push(l) }),
    () => now,
  )
  for (let i = 0; i < 1_000; i++) logLimited('error', 'shed', { i }, 'too many')
  logLimited('warn', 'refused', {}, 'refused')
  now = 1_000
  logLimited('error', 'shed', { i: 1_000 }, 'too many')
  logLimited('error', 'shed', { i: 1_001 }, 'too many')
  const logged = lines.map((l) => JSON.parse(l))
  expect(logged).toMatchObject([{ msg: 'too many', i: 0 }, { msg: 'refused' }, { i: 1_000, suppressed: 999 }])
})
