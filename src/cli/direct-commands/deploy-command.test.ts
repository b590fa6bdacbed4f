import { describe, expect, it } from 'vitest'
import { makeCurrent } from './deploy-command.ts'

const VERSION = { deploymentName: 'nurture', buildId: 'test-2' }
const FOR_LONG = 60_000
const DEADLINE_EXCEEDED = 4
const INVALID = 3
const UNAVAILABLE = 14

const grpcError = (code: number) =>
  Object.assign(new Error(`test: code ${code}`), { code, details: '', metadata: {} })

/** A Temporal that gives these answers in turn, and from then on does what it is asked. */
function temporal(given: { polled?: (boolean | Error)[]; made?: Error[] }) {
  const { polled = [], made = [] } = given
  const current: string[] = []
  return {
    current,
    async isPolled() {
      const one = polled.shift() ?? true
      if (one instanceof Error) throw one
      return one
    },
    async makeCurrent({ buildId }: { buildId: string }) {
      const one = made.shift()
      if (one) throw one
      current.push(buildId)
    },
  }
}

describe('making a build current', () => {
  it('waits for its worker, and asks a Temporal again that is away or too slow', async () => {
    const slow = temporal({ polled: [false, grpcError(UNAVAILABLE)], made: [grpcError(DEADLINE_EXCEEDED)] })
    await makeCurrent(slow, VERSION, FOR_LONG)
    expect(slow.current).toEqual(['test-2'])
  })

  it('does not ask again what Temporal refuses', async () => {
    const refusing = temporal({ made: [grpcError(INVALID)] })
    await expect(makeCurrent(refusing, VERSION, FOR_LONG)).rejects.toThrow('code 3')
    expect(refusing.current).toEqual([])
  })

  it('without time to wait: asks once, and says what to start when no worker polls', async () => {
    const slow = temporal({ made: [grpcError(DEADLINE_EXCEEDED)] })
    await expect(makeCurrent(slow, VERSION, 0)).rejects.toThrow('code 4')
    const lonely = temporal({ polled: [false] })
    await expect(makeCurrent(lonely, VERSION, 0)).rejects.toThrow(/No worker of build test-2 polls.*--wait/)
    expect(lonely.current).toEqual([])
  })
})
