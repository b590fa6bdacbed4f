import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import type { ComponentState, SavedComponent } from '../platform/component-state.ts'
import type { AccountOptions, SimAccountState, SimFollower } from './model.ts'
import { type SavedRecords, savedRecords } from './records.ts'

/** What of an account outlives the simulator. */
type SavedAccount = Pick<SimAccountState, 'codes' | 'apiMenu' | 'tags' | 'agents'> & {
  followers: SimFollower[]
  records?: SavedRecords
  /** Of one that was made by page or control API; else they come with `addAccount`. */
  options?: AccountOptions
}

interface Saved {
  accounts: Record<string, Partial<SavedAccount>>
  components: Record<string, SavedComponent>
}

const MAX_SAVED_MESSAGES = 200

/** The simulator's memory between two starts: a JSON file, replaced as a whole. Without a path nothing is kept. */
export function openStateFile(path: string | undefined) {
  const saved = load(path)
  return {
    /** What an earlier simulator left. */
    saved,
    /** Accounts and platforms that are not there this time keep what they had. */
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
      // A new file, for its own user alone: it holds secrets of accounts.
      rmSync(`${path}.new`, { force: true })
      writeFileSync(`${path}.new`, JSON.stringify(all), { mode: 0o600, flag: 'wx' })
      renameSync(`${path}.new`, path)
    },
  }
}

function savedAccount(account: SimAccountState): SavedAccount {
  const { followers, codes, apiMenu, tags, agents } = account
  const trimmed = [...followers.values()].map((f) => ({
    ...f,
    messages: f.messages.slice(-MAX_SAVED_MESSAGES),
  }))
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

/** Accounts stand in the file by their appIds, platforms beside them under `components`, which is no appId. */
function load(path: string | undefined): Saved {
  const nothing: Saved = { accounts: {}, components: {} }
  if (!path || !existsSync(path)) return nothing
  try {
    // Written above; until 0.1.0 an account was the list of its followers alone, and there were no platforms.
    const { components = {}, ...accounts } = JSON.parse(readFileSync(path, 'utf8')) as {
      components?: Saved['components']
    } & Record<string, Partial<SavedAccount> | SimFollower[]>
    const entries = Object.entries(accounts).map(([id, one]) => [
      id,
      Array.isArray(one) ? { followers: one } : one,
    ])
    return { accounts: Object.fromEntries(entries), components }
  } catch {
    return nothing
  }
}
