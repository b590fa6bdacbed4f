import { isolatedSettings, spawnProgram, waitUntilReady } from '../test/harness/process/program.ts'
import { type Figure, measureTime, percentile } from './stats.ts'

const ROUNDS = 5

/** The time of `npm start` to `ready`, after everything that is built or installed once. */
export async function measureStart(): Promise<Figure[]> {
  const { env, cleanUp } = await isolatedSettings()
  const times: number[] = []
  for (let i = 0; i <= ROUNDS; i++) {
    const { ms, result } = await measureTime(async () => {
      const program = spawnProgram('src/start.ts', env)
      await waitUntilReady(program)
      return program
    })
    // The first start creates the store and Temporal's database.
    if (i > 0) times.push(ms)
    result.process.kill('SIGTERM')
    await result.exited
  }
  cleanUp()
  const bare = await measureTime(() => spawnProgram('bench/empty-program.ts', {}).exited)
  const reference = { name: 'an empty program', value: bare.ms }
  return [
    {
      name: 'npm start, warm, to ready, p50',
      unit: 'ms',
      value: percentile(times, 0.5),
      reference,
      aim: '≤ 3 s',
    },
  ]
}
