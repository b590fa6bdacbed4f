import type { RulesProfileName } from '../wechat/rules/rules.ts'
import type { Campaign } from './model.ts'
import type { TargetAccount } from './target-accounts.ts'

/** What a check knows besides the file. */
export interface CheckContext {
  /** The id in the request's path. The file must have the same id. */
  pathId?: string
  /** Registered accounts; absent: not checked. */
  accounts?: readonly TargetAccount[]
  /** Whether an uploaded medium exists; absent: not checked. */
  hasMedia?: (id: string) => boolean
  /** The live campaigns, or the other files of a check; absent: not compared. */
  others?: readonly Campaign[]
  /** Whether tracked links are shortened, by `PUBLIC_URL`; absent: not known. */
  hasLinks?: boolean
  /** Quiet hours for a campaign that names none, as an account's; absent: those of `accounts`. */
  quietHours?: { from: string; to: string }
  /** The rules profile of the warnings; absent: derived from the accounts. */
  rules?: RulesProfileName
}
