import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import type { ComponentState, SavedComponent } from '../platform/component-state.ts'
import type { AccountOptions, SimAccountState, SimFollower } from './model.ts'
import { type SavedRecords, savedRecords } from './records.ts'

/** The part of an account that the state file keeps. */
type SavedAccount = Pick<SimAccountState, 'codes' | 'apiMenu' | 'tags' | 'agents'> & {
  followers: SimFollower[]
  records?: SavedRecords
  /** Only of an account made by a page or the control API. The others pass theirs to `addAccount`. */
  options?: AccountOptions
}

interface Saved {
  accounts: Record<string, Partial<SavedAccount>>
  components: Record<string, SavedComponent>
}

const MAX_SAVED_MESSAGES = 200

/** Opens the state file: JSON, replaced as a whole at each write. Without a path nothing is kept. */
export function openStateFile(path: string | undefined) {
  const saved = load(path)
  return {
    /** The data of the previous process. */
    saved,
    /** Accounts and platforms that are absent this time keep their saved data. */
    write(
      accounts: ReadonlyMap<string, SimAccountState>,
      components: ReadonlyMap<string, ComponentState>,
      now: number,
    ): void {
      if (!path) return
      const all = {
        ...saved.accounts,
        ...Object.fromEntries([...accounts].map(([id, a]) => [id, savedAccount(a)])),
        components: {
          ...saved.components,
          ...Object.fromEntries([...components].map(([id, c]) => [id, c.saved(now)])),
        },
      }
      mkdirSync(dirname(path), { recursive: true })
      // The file holds secrets of accounts: a new file gets mode 0600.
      rmSync(`${path}.new`, { force: true })
      writeFileSync(`${path}.new`, JSON.stringify(all), { mode: 0o600, flag: 'wx' })
      renameSync(`${path}.new`, path)
    },
  }
}

function savedAccount(account: SimAccountState): SavedAccount {
  const { followers, codes, apiMenu, tags, agents } = account
  const trimmed = [...followers.values()].map((f) =>
    // A crowd is large. It is kept so that it still follows; what it saw is not.
    f.crowd === null
      ? { ...f, messages: f.messages.slice(-MAX_SAVED_MESSAGES) }
      : { ...f, messages: [], happenings: [] },
  )
  const options = account.isPersisted ? { options: optionsOf(account) } : {}
  return {
    followers: trimmed,
    codes,
    apiMenu,
    tags,
    agents,
    records: savedRecords(account.records),
    ...options,
  }
}

function optionsOf(account: SimAccountState): AccountOptions {
  const { appId, appSecret, token, encodingAesKey, mode, format, callbackUrl, name } = account
  const { profile, originalId, certified, qrScenes, menu } = account
  const server = { appId, appSecret, token, encodingAesKey, mode, format, callbackUrl }
  return { ...server, name, profile, originalId, certified, qrScenes, menu }
}

/**
 * The file has the accounts by appId and the platforms under `components`, which is not a valid appId. One that cannot be read is
 * put aside, with a warning.
 */
function load(path: string | undefined): Saved {
  const nothing: Saved = { accounts: {}, components: {} }
  if (!path || !existsSync(path)) return nothing
  try {
    // `write` wrote it. Until 0.1.0 an account was the list of its followers, and there were no platforms.
    const { components = {}, ...accounts } = JSON.parse(readFileSync(path, 'utf8')) as {
      components?: Saved['components']
    } & Record<string, Partial<SavedAccount> | SimFollower[]>
    const entries = Object.entries(accounts).map(([id, account]) => [
      id,
      Array.isArray(account) ? { followers: account } : account,
    ])
    return { accounts: Object.fromEntries(entries), components }
  } catch (err) {
    // The next write replaces the file.
    const kept = `${path}.unreadable`
    renameSync(path, kept)
    const reason = err instanceof Error ? err.message : String(err)
    process.emitWarning(
      `The simulator begins with no state: the one in ${path} cannot be read (${reason}). The file is kept as ${kept}.`,
    )
    return nothing
  }
}
