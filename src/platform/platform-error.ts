import type { WechatAnswer } from '../wechat/api/client.ts'

/** A call that WeChat did not answer as hoped; the message is for the log and the page. */
export class PlatformError extends Error {
  override name = 'PlatformError'
  readonly errcode: number | null
  /** WeChat answered, but not as it documents. */
  readonly malformed: boolean
  constructor(message: string, errcode: number | null, malformed = false) {
    super(message)
    this.errcode = errcode
    this.malformed = malformed
  }
}

/** @throws PlatformError where WeChat gave no data; `call` names it */
export function requireData<T>(answer: WechatAnswer<T>, call: string): T {
  if (answer.kind !== 'answered')
    throw new PlatformError(`${call}: ${answer.reason}`, null, answer.kind === 'malformed')
  if (!answer.data) throw new PlatformError(`${call}: ${answer.errcode} ${answer.errmsg}`, answer.errcode)
  return answer.data
}
