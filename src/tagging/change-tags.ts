import { type CallResult, withToken } from '../wechat/api/with-token.ts'
import { ERRCODE } from '../wechat/rules/errcodes.ts'
import { TagCache, type TaggingAccount, type TaggingDeps } from './tag-cache.ts'

/** Names of tags to add and to remove. */
export interface TagChange {
  tag: readonly string[]
  untag: readonly string[]
}

/**
 * Changes a follower's tags at WeChat, and creates missing ones. Removes tags before it adds others, because a follower has at
 * most 20. It may be repeated.
 */
export async function changeTags(
  deps: TaggingDeps,
  account: TaggingAccount,
  openId: string,
  { tag, untag }: TagChange,
): Promise<CallResult<null>> {
  const tags = await TagCache.open(deps, account)
  const changes = [
    ...untag.map((name) => ({ name, how: 'untag' as const })),
    ...tag.map((name) => ({ name, how: 'tag' as const })),
  ]
  for (const { name, how } of changes) {
    const change = async (): Promise<CallResult<unknown>> => {
      const id = await tags.idOf(name, how === 'tag')
      if (!id.ok || id.data === null) return id
      const tagId = id.data
      return withToken(deps.tokens, account.appId, 'tags', (accessToken) =>
        account.client.tagFollower(accessToken, { openId, tagId, how }),
      )
    }
    let changed = await change()
    if (!changed.ok && changed.errcode === ERRCODE.unknownTagId) {
      const refreshed = await tags.refresh()
      changed = refreshed.ok ? await change() : refreshed
    }
    if (!changed.ok) return changed
  }
  return { ok: true, data: null }
}
