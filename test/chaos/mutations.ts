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

export interface Mutation {
  invariant: string
  /** The faults that test this invariant. */
  focus: Focus
  file: string
  /** The replaced text, which occurs in the file exactly once. */
  find: string
  replace: string
}

/** Invariants, each with a small change that breaks it. The judge must report it: `npm run chaos -- --break NAME`. */
export const MUTATIONS: Record<string, Mutation> = {
  'answer-first': {
    invariant: 'a callback that was answered with success is durable',
    focus: { processes: /serve/, kinds: ['kill'] },
    file: 'src/callback/accept/store-event.ts',
    find: `          storeAndWake(context, row),`,
    replace: `          (setTimeout(() => storeAndWake(context, row).catch(() => {}), 1_500),
          Promise.resolve({ fresh: true, id: 0, reply: match.reply } as Accepted)),`,
  },
  'ignore-intent': {
    invariant: 'a step is sent again only when its outcome is unknown and the account retries',
    focus: { processes: /worker/, kinds: ['kill', 'hangs-after'] },
    file: 'activities/send/send-attempt.ts',
    find: `    if (row?.state === 'sending') {`,
    replace: `    if (row?.state === 'sending' && this.#deps.now() < 0) {`,
  },
  'drop-undispatched': {
    invariant: 'an accepted event reaches Temporal, however long Temporal is unavailable',
    focus: { processes: /temporal/, kinds: ['kill'] },
    file: 'src/dispatch/dispatch-loop.ts',
    find: `      await this.#release(row, this.#extendOutage(message), message)`,
    replace: `      await (await import('../store/inbox/inbox-rows.ts')).markDispatched(this.#deps.db, row.id, 'dropped', now())`,
  },
  'intent-after-request': {
    invariant: 'a local send writes its intent before its request, so that a lost worker is noticed',
    focus: { processes: /worker/, kinds: ['kill', 'hangs-after'] },
    file: 'activities/send/send-attempt.ts',
    find: `    const refusal = await this.#preSendCheck()
    if (refusal) return { ended: refusal }
    const { openId } = this.#delivery.key
    const answer = await account.client.customSend(accessToken, { touser: openId, ...body })
`,
    replace: `    const { openId } = this.#delivery.key
    const answer = await account.client.customSend(accessToken, { touser: openId, ...body })
    const refusal = await this.#preSendCheck()
    if (refusal) return { ended: refusal }
`,
  },
  'two-ways': {
    invariant: 'a fork is decided once, and nothing goes in the branches that it did not take',
    focus: { processes: /worker/, kinds: ['kill'] },
    file: 'src/run/forks.ts',
    find: `    if (step < end ? step < from || step >= to : ends === true) return 'other-branch'`,
    replace: `    if (step >= end && ends === true) return 'other-branch'`,
  },
  'count-unknown': {
    invariant: 'statistics count a message as sent only when WeChat has received it',
    focus: { processes: /worker/, kinds: ['hangs-after', 'breaks-after'] },
    file: 'src/run/tally.ts',
    find: `if (state === 'sent' || state === 'unknown') return state`,
    replace: `if (state === 'sent' || state === 'unknown') return 'sent'`,
  },
  'count-again': {
    invariant: 'statistics count each run once',
    focus: { processes: /worker/, kinds: ['kill'] },
    file: 'src/store/statistics/run-metrics.ts',
    find: `      count(*) AS n,`,
    replace: `      sum(LEAST(r.revision, 2)) AS n,`,
  },
  'unasked-decision': {
    invariant: 'nothing happens below a fork before it is decided: a wait listens for its whole time',
    focus: { processes: /worker/, kinds: ['kill'] },
    file: 'src/run/forks.ts',
    find: `  return openedAt + waitMs
}`,
    replace: `  return openedAt + waitMs / 4
}`,
  },
}

/** @throws Error that lists the mutations when the name is unknown */
export function mutationByName(name: string): Mutation {
  const mutation = MUTATIONS[name]
  if (mutation) return mutation
  throw new Error(`unknown mutation "${name}"; the mutations are ${Object.keys(MUTATIONS).join(', ')}`)
}

/** Copies this checkout and applies a mutation to the copy. @throws Error when the mutation no longer applies */
export function copyWithMutation(mutation: Mutation): string {
  const copy = mkdtempSync(join(tmpdir(), 'follower-nurture-mutated-'))
  for (const path of COPIED) cpSync(join(ROOT, path), join(copy, path), { recursive: true })
  symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'))
  writeFileSync(join(copy, mutation.file), mutatedText(mutation))
  return copy
}

/** The text of the mutated file. @throws Error when `find` does not occur in it exactly once */
export function mutatedText({ file, find, replace }: Mutation): string {
  const text = readFileSync(join(ROOT, file), 'utf8')
  if (text.split(find).length !== 2) throw new Error(`${file} must contain exactly once: ${find}`)
  return text.replace(find, () => replace)
}
