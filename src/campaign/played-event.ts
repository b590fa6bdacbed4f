import { factOfText } from '../shared/facts.ts'
import { parseDuration } from './duration.ts'
import { inOneUnit } from './fixes/written-duration.ts'
import type { PlayedEvent } from './simulation.ts'

/** The forms of an event of a simulated run, for an error message. */
const FORMS =
  'message TEXT, click KEY, scan SCENE, fact NAME=VALUE, tag NAME, link NAME, agent open, agent close, pause, resume or unfollow'

/**
 * Reads an event such as `30s message 1` or `2h fact paid=true`: the time since the entry, what happens, and its value.
 * @returns the event, or what is wrong
 */
export function readPlayedEvent(text: string): PlayedEvent | { problem: string } {
  const [, time = '', what = '', rest = ''] = /^(\S+)\s+(\S+)\s*([\s\S]*)$/.exec(text.trim()) ?? []
  const atMs = parseDuration(time)
  if (atMs === null) {
    const written = inOneUnit(time)
    if (written) return { problem: `"${time}" is not a duration: write one unit only, ${written}` }
    return { problem: `"${text}" begins with no duration, like 30s` }
  }
  const value = rest.trim() === '' ? null : rest.trim()
  switch (what) {
    case 'message':
      return { atMs, do: 'message', text: value }
    case 'click':
      return { atMs, do: 'click', key: value }
    case 'scan':
      return { atMs, do: 'scan', scene: value }
    case 'tag':
      return value === null ? { problem: missing(text) } : { atMs, do: 'tags', tags: [value] }
    case 'link':
      return value === null ? { problem: missing(text) } : { atMs, do: 'link', link: value }
    case 'fact': {
      const [, name, given] = /^([A-Za-z]\w{0,31})=([\s\S]*)$/.exec(rest.trim()) ?? []
      if (name === undefined || given === undefined) return { problem: missing(text) }
      const [, second] = /\s([A-Za-z]\w{0,31})=/.exec(given) ?? []
      if (second)
        return { problem: `"${text}" sets several facts at once: give ${second} an event of its own` }
      return { atMs, do: 'facts', facts: { [name]: factOfText(given) } }
    }
    case 'agent':
      if (value !== 'open' && value !== 'close') return { problem: missing(text) }
      return { atMs, do: 'agent', open: value === 'open' }
    case 'pause':
    case 'resume':
      return { atMs, do: 'pause', paused: what === 'pause' }
    case 'unfollow':
      return { atMs, do: 'unfollow' }
    default:
      return { problem: missing(text) }
  }
}

function missing(text: string): string {
  return `"${text}" is no event: write a duration and ${FORMS}`
}
