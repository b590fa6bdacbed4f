import { describe, expect, it } from 'vitest'
import { createBulkhead } from './bulkhead.ts'

/** Acquires slots for an account until it has its share. */
function acquireAll(bulkhead: ReturnType<typeof createBulkhead>, appId: string): (() => void)[] {
  const held: (() => void)[] = []
  for (;;) {
    const release = bulkhead.tryAcquire(appId)
    if (!release) return held
    held.push(release)
  }
}

describe('an account that hangs', () => {
  it.each([
    [100, 25],
    [40, 10],
    [7, 1],
    [4, 1],
    [1, 1],
  ])('holds at most its share: of %i slots, %i', (slots, share) => {
    expect(acquireAll(createBulkhead(slots, Date.now), 'wxHangs')).toHaveLength(share)
  })

  it('does not reduce the share of other accounts', () => {
    const bulkhead = createBulkhead(100, Date.now)
    acquireAll(bulkhead, 'wxHangs')
    expect(acquireAll(bulkhead, 'wxOther')).toHaveLength(25)
    expect(acquireAll(bulkhead, 'wxThird')).toHaveLength(25)
  })

  it('gets one slot for each one that it releases', () => {
    const bulkhead = createBulkhead(40, Date.now)
    const held = acquireAll(bulkhead, 'wxHangs')
    for (const release of held.slice(0, 3)) release()
    expect(acquireAll(bulkhead, 'wxHangs')).toHaveLength(3)
  })

  it('has its whole share again once all slots are released', () => {
    const bulkhead = createBulkhead(40, Date.now)
    for (let round = 0; round < 3; round++) {
      const held = acquireAll(bulkhead, 'wxHangs')
      expect(held).toHaveLength(10)
      for (const release of held) release()
    }
  })
})
