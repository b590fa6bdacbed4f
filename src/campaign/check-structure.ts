import { isRecord } from '../shared/is-record.ts'
import { normaliseEntryKeyword, normaliseExitKeyword } from '../shared/keyword.ts'
import { eventsOf, invisibleKeywords, invisibleWords, type Report, wordsOf } from './draft-events.ts'
import {
  type DraftFork,
  type DraftItem,
  draftDuration,
  draftItems,
  draftWindow,
  flatItems,
} from './draft-items.ts'
import { describeDuration } from './duration.ts'
import type { Issue } from './issue.ts'
import { FORK_DEPTH_MAX, FORKS_MAX } from './item-model.ts'
import { STEPS_MAX } from './model.ts'

/** Names that `since` and `- end` use themselves. */
export const RESERVED: ReadonlySet<string> = new Set(['entry', 'reply', 'previous', 'end'])

/** Issues of the order of a file: ids, references, what can never be reached. The file may have other errors. */
export function structureIssues(file: unknown): Issue[] {
  const campaign = isRecord(file) ? file : {}
  const issues: Issue[] = []
  const report: Report = (path, message, help) => issues.push({ path, message, ...help })
  const items = draftItems(campaign.steps, 'steps')
  const all = flatItems(items)
  const exits = new Set(wordsOf(exitOf(campaign).keywords).map(normaliseExitKeyword))
  const windowMs = draftWindow(campaign.window)
  countIssues(items, all, report)
  idIssues(all, report)
  sinceIssues(items, new Set(), new Set(all.flatMap(idOf)), report)
  endIssues(items, report)
  for (const item of all) {
    if (item.kind === 'fork') branchIssues(item, exits, report)
    if (item.kind === 'fork') waitIssues(item, windowMs, report)
    if (item.kind === 'step' && item.raw.go !== undefined && item.raw.go === campaign.id)
      report(`${item.path}.go`, 'leads back to this campaign: there are no loops')
  }
  entryIssues(campaign, all, report)
  return issues
}

function idOf(item: DraftItem): string[] {
  return item.kind !== 'end' && item.id !== null ? [item.id] : []
}

function countIssues(items: readonly DraftItem[], all: readonly DraftItem[], report: Report): void {
  const forks = all.filter((item) => item.kind === 'fork')
  const steps = all.filter((item) => item.kind === 'step')
  if (forks.length > FORKS_MAX)
    report(
      'steps',
      `a campaign has at most ${FORKS_MAX} forks, this one has ${forks.length}: split it into several`,
    )
  if (forks.length > 0 && steps.length > STEPS_MAX)
    report(
      'steps',
      `a campaign has at most ${STEPS_MAX} steps, this one has ${steps.length}: split it into several`,
    )
  const depth = depthOf(items)
  if (depth > FORK_DEPTH_MAX) report('steps', `forks stand ${depth} deep: at most ${FORK_DEPTH_MAX}`)
}

function depthOf(items: readonly DraftItem[]): number {
  const depths = items.map((item) =>
    item.kind === 'fork'
      ? 1 + Math.max(...[...item.branches.map((b) => b.items), item.otherwise].map(depthOf))
      : 0,
  )
  return Math.max(0, ...depths)
}

function idIssues(all: readonly DraftItem[], report: Report): void {
  const seen = new Map<string, string>()
  const hasFork = all.some((item) => item.kind === 'fork')
  for (const item of all) {
    if (item.kind === 'end' || item.id === null) continue
    const first = seen.get(item.id)
    if (first !== undefined) report(`${item.path}.id`, `duplicate step id ${item.id} (also at ${first})`)
    else seen.set(item.id, item.path)
    // A file without forks never needed another name.
    if (hasFork && RESERVED.has(item.id))
      report(`${item.path}.id`, `${item.id} is a word of the format: choose another id`)
  }
}

/**
 * References to steps and forks that are not above on the follower's way.
 * @param above the ids above
 * @param all every id of the file
 */
function sinceIssues(
  items: readonly DraftItem[],
  above: ReadonlySet<string>,
  all: ReadonlySet<string>,
  report: Report,
): void {
  const known = new Set(above)
  for (const item of items) {
    if (item.kind === 'end') continue
    const { since } = item.raw
    if (typeof since === 'string' && !['entry', 'reply', 'previous'].includes(since) && !known.has(since))
      report(
        `${item.path}.since`,
        all.has(since)
          ? `${since} is no step or fork above on this way: it stands below or in another branch`
          : `${since} is no step or fork above on this way`,
      )
    if (item.kind === 'fork') {
      const inside = new Set([...known, ...idOf(item)])
      for (const list of [item.meanwhile, ...item.branches.map((b) => b.items), item.otherwise])
        sinceIssues(list, inside, all, report)
    }
    for (const id of idOf(item)) known.add(id)
  }
}

/** What stands below an end. @returns whether every way through the items ends */
function endIssues(items: readonly DraftItem[], report: Report): boolean {
  let ended: { why: string; hint?: string } | null = null
  for (const item of items) {
    if (ended !== null) {
      const { why, hint } = ended
      report(item.path, why, hint === undefined ? {} : { hint })
      return true
    }
    if (item.kind === 'end') ended = { why: 'end stands above it: put end last' }
    if (item.kind !== 'fork') continue
    const ends = [...item.branches.map((b) => b.items), item.otherwise].map((list) => endIssues(list, report))
    if (ends.every(Boolean))
      ended = {
        why: `can never go: each branch of ${item.id ?? 'the fork'} above ends`,
        hint: 'Remove end from the branch whose followers should come here, or remove what stands below',
      }
  }
  return ended !== null
}

function waitIssues({ raw, path }: DraftFork, windowMs: number, report: Report): void {
  const wait = draftDuration(raw.wait)
  if (wait !== undefined && wait > windowMs)
    report(
      `${path}.wait`,
      `${describeDuration(wait)} is longer than the window of ${describeDuration(windowMs)}: the run ends before`,
    )
}

/** Branches that another branch or an exit keyword leaves nothing for. */
function branchIssues({ branches }: DraftFork, exits: ReadonlySet<string>, report: Report): void {
  /** The exact words of the branches above, and the branch that takes every message. */
  const taken = new Map<string, string>()
  let catchAll: string | null = null
  for (const { raw, path, name } of branches) {
    const events = eventsOf(raw.on)
    if (events.length === 0) continue
    const isMessage = (e: Readonly<Record<string, unknown>>) =>
      e.event === 'message' || (e.event === undefined && e.keywords !== undefined)
    if (catchAll !== null && events.every(isMessage))
      report(path, `is never reached: branch ${catchAll} above takes every message`)
    const words = events.flatMap(({ keywords }) => wordsOf(keywords))
    const isOnlyWords = events.every((e) => isMessage(e) && e.keywords !== undefined)
    const gone = words.map((word) => blockedBy(word, taken, exits))
    if (catchAll === null && isOnlyWords && words.length > 0 && gone.every((why) => why !== null))
      report(path, `is never reached: ${gone[0]}`)
    for (const event of events) {
      if (isMessage(event) && event.keywords === undefined) catchAll ??= name
      if (event.match === undefined || event.match === 'exact')
        for (const word of wordsOf(event.keywords).map(normaliseEntryKeyword))
          if (!taken.has(word)) taken.set(word, name)
    }
  }
}

function blockedBy(
  word: string,
  taken: ReadonlyMap<string, string>,
  exits: ReadonlySet<string>,
): string | null {
  const above = taken.get(normaliseEntryKeyword(word))
  if (above !== undefined) return `${word} stands in branch ${above} above`
  return exits.has(normaliseExitKeyword(word)) ? `${word} is an exit keyword` : null
}

/** Keywords without a visible character, and a reply that no callback can carry. */
function entryIssues(
  campaign: Readonly<Record<string, unknown>>,
  all: readonly DraftItem[],
  report: Report,
): void {
  invisibleKeywords(campaign.entry, 'entry', report)
  invisibleWords(exitOf(campaign).keywords, 'exit.keywords', normaliseExitKeyword, report)
  for (const item of all)
    if (item.kind === 'fork')
      for (const { raw, path } of item.branches) invisibleKeywords(raw.on, `${path}.on`, report)
  if (campaign.reply !== undefined && eventsOf(campaign.entry).some((e) => e.event === 'window-closing'))
    report('reply', 'a run that begins by window-closing has no callback to answer')
}

function exitOf({ exit }: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return isRecord(exit) ? exit : {}
}
