import { isRecord } from './is-record.ts'
import { isStorable } from './text.ts'

/** What a follower's fact may be: a text of at most 200 characters, a number, or true or false. */
export type FactValue = string | number | boolean

/** Facts of a follower by name. Other systems and steps of campaigns set them. */
export type Facts = Readonly<Record<string, FactValue>>

/** A follower has at most this many facts. */
export const MAX_FACTS = 100
/** Characters (code points) of a text. */
export const MAX_FACT_CHARS = 200
export const FACT_NAME = /^[A-Za-z][A-Za-z0-9_]{0,31}$/
export const FACT_NAME_RULE = "a fact's name begins with a letter and has letters, digits and _, at most 32"

/** A fact that cannot be stored. `path`: its name. */
export interface FactIssue {
  path: string
  message: string
}

/** Why a name cannot be the name of a fact; null when it can. */
export function factNameProblem(name: string): string | null {
  return FACT_NAME.test(name) ? null : FACT_NAME_RULE
}

/** Why a value cannot be a fact; null when it can. */
export function factValueProblem(value: unknown): string | null {
  switch (typeof value) {
    case 'boolean':
      return null
    case 'number':
      return Number.isFinite(value) ? null : 'a number must be finite'
    case 'string':
      if (!isStorable(value))
        return 'contains a NUL character or half of a surrogate pair: send the complete text'
      return [...value].length <= MAX_FACT_CHARS ? null : `a text has at most ${MAX_FACT_CHARS} characters`
    default:
      return 'a fact is a text, a number, true or false'
  }
}

/** Reads facts from JSON. Reports every fact that cannot be stored; then none is taken. */
export function parseFacts(value: unknown): { facts: Facts; issues: FactIssue[] } {
  if (!isRecord(value))
    return { facts: {}, issues: [{ path: '', message: 'facts are an object of names and values' }] }
  const entries = Object.entries(value)
  if (entries.length > MAX_FACTS)
    return { facts: {}, issues: [{ path: '', message: `a follower has at most ${MAX_FACTS} facts` }] }
  const issues = entries.flatMap(([path, fact]) => {
    const message = factNameProblem(path) ?? factValueProblem(fact)
    return message === null ? [] : [{ path, message }]
  })
  // Each value was checked above.
  return issues.length > 0 ? { facts: {}, issues } : { facts: value as Facts, issues }
}

/** The facts after newer ones were set; null when the follower would have more than {@link MAX_FACTS}. */
export function mergeFacts(known: Facts, set: Facts): Facts | null {
  const merged = { ...known, ...set }
  return Object.keys(merged).length <= MAX_FACTS ? merged : null
}

/**
 * The fact that a text on a command line stands for: true, false, or a finite number in its one spelling. Everything else is a
 * text. 007, 1.50 and +86 may be codes, and NaN is no number that a fact can be.
 */
export function factOfText(text: string): FactValue {
  if (text === 'true' || text === 'false') return text === 'true'
  const number = Number(text)
  return Number.isFinite(number) && String(number) === text ? number : text
}
