import { describe, expect, it } from 'vitest'
import { makeCurrent } from './deploy-command.ts'

const VERSION = { deploymentName: 'nurture', buildId: 'test-2' }
const FOR_LONG = 60_000
const DEADLINE_EXCEEDED = 4
const INVALID = 3
const UNAVAILABLE = 14

const grpcError = (code: number) =>
  Object.assign(new Error(`test: code ${code}`), { code, details: '', metadata: {} })

/** A Temporal with these answers, in order; after that every call succeeds. */
function temporal(given: { polled?: (boolean | Error)[]; made?: Error[] }) {
  const { polled = [], made = [] } = given
  const current: string[] = []
  return {
    current,
    async isPolled() {
      const answer = polled.shift() ?? true
      if (answer instanceof Error) throw answer
      return answer
    },
    async makeCurrent({ buildId }: { buildId: string }) {
      const error = made.shift()
      if (error) throw error
      current.push(buildId)
    },
  }
}

describe('making a build current', () => {
  it('waits for its worker, and retries while Temporal is unreachable or slow', async () => {
    const slow = temporal({ polled: [false, grpcError(UNAVAILABLE)], made: [grpcError(DEADLINE_EXCEEDED)] })
    await makeCurrent(slow, VERSION, FOR_LONG)
    expect(slow.current).toEqual(['test-2'])
  })

  it('does not retry what Temporal refuses', async () => {
    const refusing = temporal({ made: [grpcError(INVALID)] })
    await expect(makeCurrent(refusing, VERSION, FOR_LONG)).rejects.toThrow('code 3')
    expect(refusing.current).toEqual([])
  })

  it('tries once without time to wait, and reports which worker to start', async () => {
    const slow = temporal({ made: [grpcError(DEADLINE_EXCEEDED)] })
    await expect(makeCurrent(slow, VERSION, 0)).rejects.toThrow('code 4')
    const unpolled = temporal({ polled: [false] })
    await expect(makeCurrent(unpolled, VERSION, 0)).rejects.toThrow(/No worker of build test-2 polls.*--wait/)
    expect(unpolled.current).toEqual([])
  })
})
