/** What WeChat has done for a follower, newest last: callbacks that it pushed, and requests to send that it answered. */
export type Happening =
  | {
      kind: 'push'
      /** The follower's clock when the action happened, epoch ms. */
      at: number
      /** `MsgType`, or the `Event` of an event. */
      what: string
      /** What became of the server's answer. */
      answer: 'success' | 'reply' | 'refused' | 'failed' | 'lost' | 'no-server'
      /** `MsgType` of a passive reply. */
      reply?: string
      /** Why WeChat rejects the answer. */
      reason?: string
      /** The answer's HTTP status; null: there was none. */
      status: number | null
      deliveries: number
      /** From the action to the end of the last delivery. */
      tookMs: number
    }
  | {
      kind: 'send'
      at: number
      /** `msgtype` of the body. */
      what: string
      /** WeChat's answer; null: a fault prevented the call. */
      errcode: number | null
      /** A fault hid the answer from the sender. */
      unclear: boolean
    }

const MOST = 20

/** Keeps the newest ones. */
export function recordHappening(follower: { happenings: Happening[] }, happening: Happening): void {
  follower.happenings.push(happening)
  if (follower.happenings.length > MOST) follower.happenings.splice(0, follower.happenings.length - MOST)
}
