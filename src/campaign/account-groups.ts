/**
 * One value for each set of accounts that campaigns name, so that neither the memory nor the time of a callback grows with the
 * number of accounts. Campaigns without `accounts` share one value, which every account has.
 */
export class AccountGroups<V> {
  readonly #groups = new Map<string, { serves: (appId: string) => boolean; value: V }>()
  /** The values of accounts that were asked for. */
  readonly #byAccount = new Map<string, V[]>()
  readonly #create: () => V

  constructor(create: () => V) {
    this.#create = create
  }

  /** The value of a campaign's accounts. All are added before the first `of`. */
  valueFor(accounts: readonly string[] | undefined): V {
    const known = accounts && new Set(accounts)
    const key = known ? [...known].sort().join(' ') : ''
    const group = this.#groups.get(key) ?? {
      serves: known ? (appId: string) => known.has(appId) : () => true,
      value: this.#create(),
    }
    this.#groups.set(key, group)
    return group.value
  }

  /** The values that an account has. */
  of(appId: string): readonly V[] {
    const known = this.#byAccount.get(appId)
    if (known) return known
    const values = [...this.#groups.values()].filter((g) => g.serves(appId)).map((g) => g.value)
    this.#byAccount.set(appId, values)
    return values
  }
}
