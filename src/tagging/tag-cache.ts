import { readAccountTags, saveAccountTag, saveAccountTags } from '../store/accounts/account-tags.ts'
import type { Db } from '../store/db.ts'
import type { WechatClient } from '../wechat/api/client.ts'
import type { TokenProvider } from '../wechat/api/tokens.ts'
import { type CallResult, withToken } from '../wechat/api/with-token.ts'
import { ERRCODE } from '../wechat/rules/errcodes.ts'

export interface TaggingDeps {
  db: Db
  tokens: TokenProvider
}

/** The account whose tags are changed. */
export interface TaggingAccount {
  appId: string
  client: WechatClient
}

/** The names and ids of one account's tags: from the store, and refreshed from WeChat when one is missing. */
export class TagCache {
  readonly #deps: TaggingDeps
  readonly #account: TaggingAccount
  #ids: Map<string, number>

  private constructor(deps: TaggingDeps, account: TaggingAccount, ids: Map<string, number>) {
    this.#deps = deps
    this.#account = account
    this.#ids = ids
  }

  static async open(deps: TaggingDeps, account: TaggingAccount): Promise<TagCache> {
    return new TagCache(deps, account, await readAccountTags(deps.db, account.appId))
  }

  /** Fetches all tags of the account from WeChat. */
  async refresh(): Promise<CallResult<null>> {
    const { appId, client } = this.#account
    const fetched = await withToken(this.#deps.tokens, appId, 'tags', (token) => client.tags(token))
    if (!fetched.ok) return fetched
    const { tags } = fetched.data
    await saveAccountTags(this.#deps.db, appId, tags)
    this.#ids = new Map(tags.map((t) => [t.name, t.id]))
    return { ok: true, data: null }
  }

  /** The names of these ids. Omits an id that WeChat does not know either. */
  async namesOf(ids: readonly number[]): Promise<CallResult<string[]>> {
    const known = new Set(this.#ids.values())
    if (!ids.every((id) => known.has(id))) {
      const refreshed = await this.refresh()
      if (!refreshed.ok) return refreshed
    }
    const names = new Map([...this.#ids].map(([name, id]) => [id, name]))
    return { ok: true, data: ids.flatMap((id) => names.get(id) ?? []) }
  }

  /** The tag's id; null when the tag does not exist and `create` is false. */
  async idOf(name: string, create: boolean): Promise<CallResult<number | null>> {
    const stored = this.#ids.get(name)
    if (stored !== undefined) return { ok: true, data: stored }
    const refreshed = await this.refresh()
    if (!refreshed.ok) return refreshed
    const found = this.#ids.get(name)
    return found !== undefined || !create ? { ok: true, data: found ?? null } : this.#create(name)
  }

  async #create(name: string): Promise<CallResult<number>> {
    const { appId, client } = this.#account
    const created = await withToken(this.#deps.tokens, appId, 'tags', (token) =>
      client.createTag(token, name),
    )
    if (created.ok) {
      const { id } = created.data.tag
      await saveAccountTag(this.#deps.db, appId, { id, name })
      this.#ids.set(name, id)
      return { ok: true, data: id }
    }
    if (created.errcode !== ERRCODE.tagNameRefused) return created
    // WeChat refuses the name, or another worker has just created the tag.
    const refreshed = await this.refresh()
    const existing = this.#ids.get(name)
    return refreshed.ok && existing !== undefined ? { ok: true, data: existing } : created
  }
}
