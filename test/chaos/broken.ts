import { cpSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Focus } from './schedule.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const COPIED = [
  'src',
  'workflows',
  'activities',
  'scripts',
  'campaigns',
  'test',
  'package.json',
  'package-lock.json',
  'tsconfig.json',
]

interface Breakage {
  promise: string
  /** The faults that put this promise to the test. */
  focus: Focus
  file: string
  /** Stands in the file exactly once. */
  find: string
  replace: string
}

/** Invariants, each with a small change that breaks it: the judge must find it. `npm run chaos -- --break NAME`. */
export const BREAKAGES: Record<string, Breakage> = {
  'answer-first': {
    promise: 'what was answered with success is durable',
    focus: { parts: /serve/, kinds: ['kill'] },
    file: 'src/intake/callback.ts',
    find: `      const accepted = await within(began, storeAndNudge(row))`,
    replace: `      setTimeout(() => storeAndNudge(row).catch(() => {}), 1_500)
      const accepted: Accepted = { fresh: true, id: 0, reply: match.reply }`,
  },
  'forget-intent': {
    promise: 'a step is sent again only when its outcome is unknown and the account retries',
    focus: { parts: /worker/, kinds: ['kill', 'hangs-after'] },
    file: 'activities/send.ts',
    find: `  if (known?.state === 'open') {`,
    replace: `  if (known?.state === 'open' && now() < 0) {`,
  },
  'give-up': {
    promise: 'what was accepted reaches Temporal, however long it is away',
    focus: { parts: /engine/, kinds: ['kill'] },
    file: 'src/intake/dispatcher.ts',
    find: `      await retryLater(db, row.id, engineIsAway(message), message)`,
    replace: `      await (await import('../store/inbox.ts')).markDispatched(db, row.id, 'gave up', now())`,
  },
}

/** @throws Error when there is none of that name */
export function breakageOf(name: string): Breakage {
  const breakage = BREAKAGES[name]
  if (breakage) return breakage
  throw new Error(`there is no breakage "${name}"; there are ${Object.keys(BREAKAGES).join(', ')}`)
}

/** A copy of this checkout with one invariant broken. @throws Error when the code no longer has what is to be changed */
export function breakCopy(breakage: Breakage): string {
  const copy = mkdtempSync(join(tmpdir(), 'follower-nurture-broken-'))
  for (const each of COPIED) cpSync(join(ROOT, each), join(copy, each), { recursive: true })
  symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'))
  writeFileSync(join(copy, breakage.file), breakText(breakage))
  return copy
}

/** The broken file's text. @throws Error when `find` does not stand there exactly once */
export function breakText({ file, find, replace }: Breakage): string {
  const text = readFileSync(join(ROOT, file), 'utf8')
  if (text.split(find).length !== 2) throw new Error(`${file} does not have exactly once: ${find}`)
  return text.replace(find, () => replace)
}
