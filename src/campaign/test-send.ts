import type { RunState } from '../run/state.ts'
import type { Message } from './message-model.ts'

/** The messages of a test send, for the sending side. */
export interface TestSendOrder {
  appId: string
  openId: string
  /** As of a run that has just begun, for the templates. */
  state: RunState
  messages: readonly { stepId: string; index: number; message: Message }[]
  /** Epoch ms. */
  now: number
  /** Called before each request, and with its result. A request that may have been delivered counts as sent. */
  onSent(): Promise<void>
}

/** What came of one message. The messages after one that failed are `not-sent`. */
export interface TestMessageResult {
  step: string
  result: 'sent' | 'refused' | 'unclear' | 'not-sent'
  errcode: number | null
  /** Why, and what to do; null for a sent message. */
  reason: string | null
}

/** Sends the messages of a test now, one after the other. */
export type TestSend = (order: TestSendOrder) => Promise<TestMessageResult[]>
