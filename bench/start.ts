import { isolatedSettings, spawnProgram, waitUntilReady } from '../test/harness/process/program.ts'
import { type Figure, percentile, timed } from './stats.ts'

const ROUNDS = 5

/** `npm start` to `ready`, where all that is built or installed once is there. */
export async function measureStart(): Promise<Figure[]> {
  const { env, cleanUp: forget } = await isolatedSettings()
  const times: number[] = []
  for (let i = 0; i <= ROUNDS; i++) {
    const { ms, result } = await timed(async () => {
      const program = spawnProgram('src/start.ts', env)
      await waitUntilReady(program)
      return program
    })
    // The first one makes the store and the engine's database.
    if (i > 0) times.push(ms)
    result.process.kill('SIGTERM')
    await result.exited
  }
  forget()
  const bare = await timed(() => spawnProgram('bench/empty-program.ts', {}).exited)
  const reference = { name: 'a program that does nothing', value: bare.ms }
  return [
    {
      name: 'npm start, warm, to ready, p50',
      unit: 'ms',
      value: percentile(times, 0.5),
      reference,
      aim: '≤ 10000',
    },
  ]
}
