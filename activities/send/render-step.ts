import { mediaRefs, renderMessage } from '../../src/campaign/message.ts'
import type { Message } from '../../src/campaign/message-model.ts'
import { findEmptyField } from '../../src/campaign/template/empty-field.ts'
import { TRACK_LINK } from '../../src/campaign/template/track-link.ts'
import { templateVariables } from '../../src/campaign/template/variables.ts'
import { readUploads } from '../../src/store/campaigns/media-uploads.ts'
import { createLink, shortLinkUrl } from '../../src/store/links/links.ts'
import { StoreError } from '../../src/store/store-error.ts'
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
  const render = (shortLinkOf: (url: string, name: string) => string) => {
    const variables = { ...templateVariables(input.state, account, input.now), [TRACK_LINK]: shortLinkOf }
    return renderMessage(message, variables, (ref) => {
      const wechatMediaId = uploads.get(`${ref.type}:${ref.id}`)
      if (!wechatMediaId) throw new Error(`medium ${ref.id} is not uploaded to WeChat`)
      return wechatMediaId
    })
  }
  try {
    const targets = new LinkTargets()
    const plain = render((url, name) => targets.add(url, name))
    const links = await createLinks(deps, input, targets)
    const body = links.size > 0 ? render((url, name) => links.get(name) ?? url) : plain
    const empty = findEmptyField(body)
    // Reasons are `kind: details`. The console and the metrics group by the kind.
    return empty === null ? { body: { ...body }, message } : { refused: `empty-text: ${empty}` }
  } catch (err) {
    // The store may answer the next attempt.
    if (err instanceof StoreError) throw err
    return { refused: `cannot be rendered: ${err instanceof Error ? err.message : String(err)}` }
  }
}

/** The addresses of a message's tracked links by their names. */
class LinkTargets extends Map<string, string> {
  /** @throws Error when another address has the name: one click could not be told from the other */
  add(url: string, name: string): string {
    const known = this.get(name)
    if (known !== undefined && known !== url) throw new Error(`two links have the name "${name}"`)
    this.set(name, url)
    return url
  }
}

/**
 * Creates the short links of a message, once for each name. Without a public URL there are none: the message has the addresses.
 * @returns the short links by their names
 */
async function createLinks(
  { db, publicUrl, now }: ActivityDeps,
  input: SendInput,
  targets: LinkTargets,
): Promise<Map<string, string>> {
  const links = new Map<string, string>()
  if (publicUrl === undefined) return links
  const step = { runKey: input.state.entry.key, stepId: stepOf(input).id }
  for (const [name, url] of targets)
    links.set(name, shortLinkUrl(publicUrl, await createLink(db, { ...step, name, url }, now())))
  return links
}
