import { InvalidArgumentError } from '@commander-js/extra-typings'
import { readPlayedEvent } from '../campaign/played-event.ts'
import { ENTRY_AT } from '../campaign/preview.ts'
import type { PlayedEvent } from '../campaign/simulation.ts'
import { dayInBeijing } from '../shared/beijing-time.ts'

/** Collects repeated `--do` options. @throws InvalidArgumentError */
export function collectPlayedEvents(text: string, earlier: readonly PlayedEvent[]): PlayedEvent[] {
  const event = readPlayedEvent(text)
  if ('problem' in event) throw new InvalidArgumentError(event.problem)
  return [...earlier, event]
}

/** `23:10` on a Monday, or `2026-11-27 15:00`, in China, as epoch ms. @throws InvalidArgumentError */
export function toEntryTime(text: string): number {
  const [, day = dayInBeijing(ENTRY_AT), time] =
    /^(?:(\d{4}-\d\d-\d\d)[ T])?(\d\d:\d\d)$/.exec(text.trim()) ?? []
  const at = time === undefined ? Number.NaN : Date.parse(`${day}T${time}:00+08:00`)
  if (Number.isNaN(at))
    throw new InvalidArgumentError(`"${text}" is no local time, like 23:10 or "2026-11-27 15:00".`)
  return at
}

/** A whole number of 32 bits. @throws InvalidArgumentError */
export function toSeed(text: string): number {
  const seed = Number(text)
  if (!Number.isInteger(seed) || seed < 0 || seed > 0xffffffff)
    throw new InvalidArgumentError(`"${text}" is no whole number from 0 to ${0xffffffff}.`)
  return seed
}
