/** What the local Temporal server is built from when there is no `temporal` CLI. Newer versions need a newer Go. */
export const SERVER_VERSION = 'v1.32.0'
export const UI_VERSION = 'v2.55.0'
export const CLI_VERSION = 'v1.5.1'
export const SERVER_MODULE = 'go.temporal.io/server/cmd/server'
export const UI_MODULE = 'github.com/temporalio/ui-server/v2/cmd/server'

/** The first version with fairness, priority and time skipping. */
export const MIN_SERVER = [1, 32] as const
export const MIN_GO = [1, 26] as const

/** True when the version in `text` that `pattern` captures (major, minor) is at least `minimum`. */
export function isAtLeast(text: string, pattern: RegExp, minimum: readonly [number, number]): boolean {
  const [, major, minor] = pattern.exec(text) ?? []
  if (major === undefined || minor === undefined) return false
  return Number(major) > minimum[0] || (Number(major) === minimum[0] && Number(minor) >= minimum[1])
}
