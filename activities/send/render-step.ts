import { mediaRefs, renderMessage } from '../../src/campaign/message.ts'
import type { Message } from '../../src/campaign/message-model.ts'
import { findEmptyField } from '../../src/campaign/template/empty-field.ts'
import { templateVariables } from '../../src/campaign/template/variables.ts'
import { readUploads } from '../../src/store/campaigns/media-uploads.ts'
import type { ActivityDeps, SendAccount } from '../deps.ts'
import { type SendInput, stepOf } from './send-input.ts'

/**
 * Renders the step's message.
 * @returns the body of a `custom/send` request without `touser`, or why there is none
 */
export async function renderStep(
  deps: ActivityDeps,
  input: SendInput,
  account: SendAccount,
): Promise<{ body: Record<string, unknown>; message: Message } | { refused: string }> {
  const { campaign, version } = input.state
  const message = await deps.messageOf(campaign, version, stepOf(input).id)
  if (!message) return { refused: 'message-gone' }
  const refs = mediaRefs(message)
  const uploads =
    refs.length > 0 ? await readUploads(deps.db, account.appId, refs) : new Map<string, string>()
  try {
    const body = renderMessage(message, templateVariables(input.state, account, input.now), (ref) => {
      const wechatMediaId = uploads.get(`${ref.type}:${ref.id}`)
      if (!wechatMediaId) throw new Error(`medium ${ref.id} is not uploaded to WeChat`)
      return wechatMediaId
    })
    const empty = findEmptyField(body)
    // Reasons are `kind: details`. The console and the metrics group by the kind.
    return empty === null ? { body: { ...body }, message } : { refused: `empty-text: ${empty}` }
  } catch (err) {
    return { refused: `cannot be rendered: ${err instanceof Error ? err.message : String(err)}` }
  }
}
