import { AGENT_SESSION_MS } from '../../run/agent-session.ts'

/** Sessions in memory, far more than agents can have open. The oldest are dropped. */
const MOST = 50_000

/**
 * The sessions of followers with human agents, as this process has received them: a best effort, in memory. WeChat normally
 * sends no message during a session.
 */
export class AgentSessions {
  readonly #openedAt = new Map<string, number>()

  /**
   * Takes note of a session that opens or closes.
   * @param at WeChat's `CreateTime`, epoch ms
   */
  change(follower: string, open: boolean, at: number): void {
    const known = this.#openedAt.get(follower)
    if (known !== undefined && known > at) return
    this.#openedAt.delete(follower)
    if (!open) return
    this.#openedAt.set(follower, at)
    for (const oldest of this.#openedAt.keys()) {
      if (this.#openedAt.size <= MOST) return
      this.#openedAt.delete(oldest)
    }
  }

  /** @param at the time of an event, epoch ms */
  isOpen(follower: string, at: number): boolean {
    const openedAt = this.#openedAt.get(follower)
    return openedAt !== undefined && at < openedAt + AGENT_SESSION_MS
  }
}
