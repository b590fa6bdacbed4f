import { createHash } from 'node:crypto'
import type { SendLogEntry } from '../state/model.ts'
import { FINDINGS, type Finding, type Findings } from './crowd-findings.ts'

const MOST_EXAMPLES = 3

/** Counts what went wrong in a crowd, with a few followers of each kind. */
export class CrowdJudge {
  readonly #found = Object.fromEntries(
    FINDINGS.map((finding) => [finding, { count: 0, examples: [] }]),
  ) as unknown as Findings
  /** Digests of what each follower has received since the last own action. */
  readonly #received = new Map<string, Set<string>>()

  find(finding: Finding, openId: string): void {
    const found = this.#found[finding]
    found.count += 1
    if (found.examples.length < MOST_EXAMPLES && !found.examples.includes(openId)) found.examples.push(openId)
  }

  /** The follower has acted: the same answer again is no duplicate. */
  acted(openId: string): void {
    this.#received.delete(openId)
  }

  /** @param isFollowing whether the receiver follows the account */
  judge({ openId, body, errcode, delivered, unclear }: SendLogEntry, isFollowing: boolean): void {
    if (delivered) this.#judgeContent(openId, body, unclear)
    // Prevented by a fault: WeChat has not judged it.
    else if (errcode === null) return
    else if (!isFollowing) this.find('after-unfollow', openId)
    else if (errcode === 45_047 || errcode === 45_015) this.find('over-grant', openId)
    else this.find('rejected', openId)
  }

  findings(): Findings {
    return structuredClone(this.#found)
  }

  /** A sender that got no answer may send again: that is what `onUnknown: retry` is for. */
  #judgeContent(openId: string, body: Record<string, unknown>, unclear: boolean): void {
    const received = this.#received.get(openId) ?? new Set()
    const content = createHash('sha256').update(JSON.stringify(body)).digest('base64url').slice(0, 12)
    if (received.has(content)) this.find('twice', openId)
    if (!unclear) this.#received.set(openId, received.add(content))
  }
}
