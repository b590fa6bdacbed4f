import { InvalidArgumentError, Option } from '@commander-js/extra-typings'
import { parseDuration } from '../campaign/duration.ts'
import { inOneUnit } from '../campaign/fixes/written-duration.ts'

/** `--rules PROFILE`. @param description has the default, where there is one */
export const rulesOptionWith = (description: string) =>
  new Option('--rules <profile>', description).choices(['wechat-2023', 'classic-48h'])

export const rulesOption = rulesOptionWith("The account's rules (default: wechat-2023)")

/** `40s` in ms. @throws InvalidArgumentError */
export function toDuration(text: string): number {
  const ms = parseDuration(text.trim())
  if (ms === null) {
    const written = inOneUnit(text)
    const remedy = written ? `: write one unit only, ${written}` : ', like 40s or 22h'
    throw new InvalidArgumentError(`"${text}" is not a duration${remedy}.`)
  }
  return ms
}

/** A whole number from 1. @throws InvalidArgumentError */
export function toCount(text: string): number {
  const count = Number(text)
  if (!/^\d{1,9}$/.test(text) || count < 1)
    throw new InvalidArgumentError(`"${text}" is no whole number from 1.`)
  return count
}

/** `22:00-08:00` as two local times. @throws InvalidArgumentError */
export function toQuietHours(text: string): { from: string; to: string } {
  const [, from, to] = /^((?:[01]\d|2[0-3]):[0-5]\d)-((?:[01]\d|2[0-3]):[0-5]\d)$/.exec(text.trim()) ?? []
  if (from === undefined || to === undefined || from === to)
    throw new InvalidArgumentError(`Write two different times, like 22:00-08:00, not "${text}".`)
  return { from, to }
}

/** `--quiet-hours` of commands that know no account. */
export const quietHoursOption = () =>
  new Option(
    '--quiet-hours <from-to>',
    "The account's quiet hours, like 22:00-08:00, for a campaign that names none",
  ).argParser(toQuietHours)

/** `40s,10m` in ms. @throws InvalidArgumentError */
export const toDurations = (text: string): number[] => text.split(',').map(toDuration)

/** Collects the values of an option that may be repeated. */
export const collect = (value: string, earlier: readonly string[]): string[] => [...earlier, value]

/** Collects repeated `key=value` options; a value may contain `=`. @throws InvalidArgumentError */
export function collectPairs(
  text: string,
  earlier: Readonly<Record<string, string>>,
): Record<string, string> {
  const equals = text.indexOf('=')
  if (equals < 1) throw new InvalidArgumentError(`Write key=value, not "${text}".`)
  return { ...earlier, [text.slice(0, equals)]: text.slice(equals + 1) }
}
