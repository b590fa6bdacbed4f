import type { Option } from '../components/forms.tsx'
import type { PageDeps } from '../console-deps.ts'

/** More accounts make no list that a person can choose from. */
const MAX_OPTIONS = 500

/** Accounts to choose from, by name. @param only their appIds; null: every account */
export async function accountOptions(
  deps: Pick<PageDeps, 'accounts'>,
  only: readonly string[] | null,
): Promise<Option[]> {
  const accounts = await deps.accounts.list({ limit: MAX_OPTIONS, ...(only ? { only } : {}) })
  return accounts.map(({ appId, name }) => ({ value: appId, label: `${name} · ${appId}`, isData: true }))
}
