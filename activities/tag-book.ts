import { putTag, readTags, saveTags } from '../src/store/account-tags.ts'
import { type Called, withToken } from '../src/wechat/api/with-token.ts'
import type { ActivityDeps, SendAccount } from './ports.ts'

/** 45157: there is a tag of this name, or WeChat does not like it. */
const NAME_REFUSED = 45157

/** The names and numbers of one account's tags, as the store has them until WeChat is asked anew. */
export async function openTagBook(deps: ActivityDeps, account: SendAccount) {
  const { appId, client } = account
  let known = await readTags(deps.db, appId)

  async function ask(): Promise<Called<null>> {
    const asked = await withToken(deps.tokens, appId, 'tags', (token) => client.tags(token))
    if (!asked.ok) return asked
    const { tags } = asked.data
    await saveTags(deps.db, appId, tags)
    known = new Map(tags.map((t) => [t.name, t.id]))
    return { ok: true, data: null }
  }

  return {
    /** Asks WeChat for all tags of the account. */
    ask,
    /** Names of these numbers; a number that WeChat does not know either has none. */
    async namesOf(ids: readonly number[]): Promise<Called<string[]>> {
      const names = () => new Map([...known].map(([name, id]) => [id, name]))
      if (!ids.every((id) => names().has(id))) {
        const asked = await ask()
        if (!asked.ok) return asked
      }
      const byId = names()
      return { ok: true, data: ids.flatMap((id) => byId.get(id) ?? []) }
    },
    /** The tag's number; null when there is none and none shall be made. */
    async idOf(name: string, make: boolean): Promise<Called<number | null>> {
      const stored = known.get(name)
      if (stored !== undefined) return { ok: true, data: stored }
      const asked = await ask()
      if (!asked.ok) return asked
      const found = known.get(name)
      if (found !== undefined || !make) return { ok: true, data: found ?? null }
      const made = await withToken(deps.tokens, appId, 'tags', (token) => client.createTag(token, name))
      if (made.ok) {
        await putTag(deps.db, appId, { id: made.data.tag.id, name })
        known.set(name, made.data.tag.id)
        return { ok: true, data: made.data.tag.id }
      }
      if (made.errcode !== NAME_REFUSED) return made
      // Another worker may have made it just now.
      const again = await ask()
      const others = known.get(name)
      return again.ok && others !== undefined ? { ok: true, data: others } : made
    },
  }
}
