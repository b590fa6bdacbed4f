import { emptyFieldOf } from '../src/campaign/empty-message.ts'
import { mediaRefs, renderMessage } from '../src/campaign/message.ts'
import type { Message } from '../src/campaign/model.ts'
import { variablesOf } from '../src/campaign/variables.ts'
import { readUploads } from '../src/store/media-uploads.ts'
import type { ActivityDeps, SendAccount } from './ports.ts'
import { type SendInput, stepOf } from './send-input.ts'

/** The step's message as WeChat wants it, without its receiver; or why there is none. */
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
    const body = renderMessage(message, variablesOf(input.state, account, input.now), (ref) => {
      const at = uploads.get(`${ref.type}:${ref.id}`)
      if (!at) throw new Error(`medium ${ref.id} is not at WeChat`)
      return at
    })
    const empty = emptyFieldOf(body)
    // The kind of the reason, then where.
    return empty === null ? { body: { ...body }, message } : { refused: `empty-text: ${empty}` }
  } catch (err) {
    return { refused: `cannot be rendered: ${err instanceof Error ? err.message : String(err)}` }
  }
}
