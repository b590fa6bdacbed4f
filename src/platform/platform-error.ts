import type { WechatAnswer } from '../wechat/api/client.ts'

/** A call to WeChat that failed. The message is for the log and the page. */
export class PlatformError extends Error {
  override name = 'PlatformError'
  readonly errcode: number | null
  /** WeChat's answer does not have its documented form. */
  readonly malformed: boolean
  constructor(message: string, errcode: number | null, malformed = false) {
    super(message)
    this.errcode = errcode
    this.malformed = malformed
  }
}

/**
 * The data of an answer.
 * @param call the name of the API, for the error
 * @throws PlatformError when the answer has no data
 */
export function requireData<T>(answer: WechatAnswer<T>, call: string): T {
  if (answer.kind !== 'answered')
    throw new PlatformError(`${call}: ${answer.reason}`, null, answer.kind === 'malformed')
  if (!answer.data) throw new PlatformError(`${call}: ${answer.errcode} ${answer.errmsg}`, answer.errcode)
  return answer.data
}
