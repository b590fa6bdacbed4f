import { readAccountTags, saveAccountTag, saveAccountTags } from '../../src/store/accounts/account-tags.ts'
import { type CallResult, withToken } from '../../src/wechat/api/with-token.ts'
import { ERRCODE } from '../../src/wechat/rules/errcodes.ts'
import type { ActivityDeps, SendAccount } from '../deps.ts'

/** The names and numbers of one account's tags, as the store has them until WeChat is asked anew. */
export async function openTagCache(deps: ActivityDeps, account: SendAccount) {
  const { appId, client } = account
  let known = await readAccountTags(deps.db, appId)

  async function refresh(): Promise<CallResult<null>> {
    const refreshed = await withToken(deps.tokens, appId, 'tags', (token) => client.tags(token))
    if (!refreshed.ok) return refreshed
    const { tags } = refreshed.data
    await saveAccountTags(deps.db, appId, tags)
    known = new Map(tags.map((t) => [t.name, t.id]))
    return { ok: true, data: null }
  }

  return {
    /** Asks WeChat for all tags of the account. */
    ask: refresh,
    /** Names of these numbers; a number that WeChat does not know either has none. */
    async namesOf(ids: readonly number[]): Promise<CallResult<string[]>> {
      const names = () => new Map([...known].map(([name, id]) => [id, name]))
      if (!ids.every((id) => names().has(id))) {
        const refreshed = await refresh()
        if (!refreshed.ok) return refreshed
      }
      const byId = names()
      return { ok: true, data: ids.flatMap((id) => byId.get(id) ?? []) }
    },
    /** The tag's number; null when there is none and none shall be made. */
    async idOf(name: string, create: boolean): Promise<CallResult<number | null>> {
      const stored = known.get(name)
      if (stored !== undefined) return { ok: true, data: stored }
      const refreshed = await refresh()
      if (!refreshed.ok) return refreshed
      const found = known.get(name)
      if (found !== undefined || !create) return { ok: true, data: found ?? null }
      const created = await withToken(deps.tokens, appId, 'tags', (token) => client.createTag(token, name))
      if (created.ok) {
        await saveAccountTag(deps.db, appId, { id: created.data.tag.id, name })
        known.set(name, created.data.tag.id)
        return { ok: true, data: created.data.tag.id }
      }
      if (created.errcode !== ERRCODE.tagNameRefused) return created
      // Another worker may have made it just now.
      const refreshedAgain = await refresh()
      const existing = known.get(name)
      return refreshedAgain.ok && existing !== undefined ? { ok: true, data: existing } : created
    },
  }
}
