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

interface Mutation {
  invariant: string
  /** The faults that put this invariant to the test. */
  focus: Focus
  file: string
  /** Occurs in the file exactly once. */
  find: string
  replace: string
}

/** Invariants, each with a small change that breaks it: the judge must find it. `npm run chaos -- --break NAME`. */
export const MUTATIONS: Record<string, Mutation> = {
  'answer-first': {
    invariant: 'what was answered with success is durable',
    focus: { processes: /serve/, kinds: ['kill'] },
    file: 'src/callback/accept/store-event.ts',
    find: `          storeAndWake(context, row),`,
    replace: `          (setTimeout(() => storeAndWake(context, row).catch(() => {}), 1_500),
          Promise.resolve({ fresh: true, id: 0, reply: match.reply } as Accepted)),`,
  },
  'forget-intent': {
    invariant: 'a step is sent again only when its outcome is unknown and the account retries',
    focus: { processes: /worker/, kinds: ['kill', 'hangs-after'] },
    file: 'activities/send/send-attempt.ts',
    find: `    if (row?.state === 'sending') {`,
    replace: `    if (row?.state === 'sending' && this.#deps.now() < 0) {`,
  },
  'give-up': {
    invariant: 'what was accepted reaches Temporal, however long it is away',
    focus: { processes: /engine/, kinds: ['kill'] },
    file: 'src/dispatch/dispatch-loop.ts',
    find: `      await releaseForRetry(db, row.id, this.#extendOutage(message), message)`,
    replace: `      await (await import('../store/inbox/inbox-rows.ts')).markDispatched(db, row.id, 'gave up', now())`,
  },
}

/** @throws Error when there is none of that name */
export function mutationByName(name: string): Mutation {
  const mutation = MUTATIONS[name]
  if (mutation) return mutation
  throw new Error(`there is no mutation "${name}"; there are ${Object.keys(MUTATIONS).join(', ')}`)
}

/** A copy of this checkout with one invariant broken. @throws Error when the code no longer has what is to be changed */
export function copyWithMutation(mutation: Mutation): string {
  const copy = mkdtempSync(join(tmpdir(), 'follower-nurture-mutated-'))
  for (const path of COPIED) cpSync(join(ROOT, path), join(copy, path), { recursive: true })
  symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'))
  writeFileSync(join(copy, mutation.file), mutatedText(mutation))
  return copy
}

/** The broken file's text. @throws Error when `find` does not stand there exactly once */
export function mutatedText({ file, find, replace }: Mutation): string {
  const text = readFileSync(join(ROOT, file), 'utf8')
  if (text.split(find).length !== 2) throw new Error(`${file} does not have exactly once: ${find}`)
  return text.replace(find, () => replace)
}
