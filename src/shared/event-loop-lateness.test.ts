import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it, vi } from 'vitest'
import { EventLoopLateness } from './event-loop-lateness.ts'

/** Keeps the event loop busy. */
function block(ms: number): void {
  for (const end = performance.now() + ms; performance.now() < end; );
}

it('reports a long turn during it and after it, and not for long', async () => {
  const lateness = new EventLoopLateness()
  try {
    block(300)
    expect(lateness.ms).toBeGreaterThan(200)
    await sleep(0)
    expect(lateness.ms).toBeGreaterThan(200)
    await vi.waitFor(() => expect(lateness.ms).toBeLessThan(200), { timeout: 10_000 })
  } finally {
    lateness.stop()
  }
})
