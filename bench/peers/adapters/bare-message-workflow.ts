import { proxyActivities, sleep } from '@temporalio/workflow'
import type { Message } from '../adapter.ts'

export interface BareMessageActivities {
  send(message: Message): Promise<void>
}

const { send } = proxyActivities<BareMessageActivities>({ startToCloseTimeout: '3s' })

/** The minimum for one timed message on Temporal: a timer and an activity. */
export async function BareMessage(message: Message): Promise<void> {
  await sleep(Math.max(1, message.dueAt - Date.now()))
  await send(message)
}
