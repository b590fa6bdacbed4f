import { ask } from '../../test/support/program.ts'

/** Events that wait in the inbox. */
export async function pendingOf(base: string): Promise<number> {
  return (await ask<{ pending: number }>(base, '/api/inbox')).pending
}

/** Whether any follower's run is under way. */
export async function isRunOpen(base: string): Promise<boolean> {
  const { items } = await ask<{ items: unknown[] }>(base, '/api/followers?status=active&limit=1')
  return items.length > 0
}
