import { pino } from 'pino'
import { expect, it } from 'vitest'
import { createRateLimitedLog } from './rate-limited-log.ts'

it('a flood of one kind writes one line a second, with the number left out; another kind is heard', () => {
  const lines: string[] = []
  let now = 0
  const say = createRateLimitedLog(
    pino({ base: undefined }, { write: (l: string) => lines.push(l) }),
    () => now,
  )
  for (let i = 0; i < 1_000; i++) say('error', 'shed', { i }, 'too many')
  say('warn', 'refused', {}, 'refused')
  now = 1_000
  say('error', 'shed', { i: 1_000 }, 'too many')
  say('error', 'shed', { i: 1_001 }, 'too many')
  const told = lines.map((l) => JSON.parse(l))
  expect(told).toMatchObject([{ msg: 'too many', i: 0 }, { msg: 'refused' }, { i: 1_000, more: 999 }])
})
