import type { Connection } from '@temporalio/client'
import { isAtLeast, LEAST_SERVER } from './local/versions.ts'

const KEYWORD = 2
const ATTRIBUTES = ['WechatAppId', 'NurtureCampaign', 'NurtureState'] as const
/** Temporal's numbers of attribute types, by the names that its command line shows. */
const TYPES = ['Unspecified', 'Text', 'Keyword', 'Int', 'Double', 'Bool', 'Datetime', 'KeywordList']
const DAY_MS = 86_400_000
/** How long Temporal keeps a closed run, where nobody says otherwise. */
export const RETENTION_MS = 3 * DAY_MS
/** Temporal refuses less. */
export const LEAST_RETENTION_MS = DAY_MS
const CALL_MS = 5_000
const AGAIN_MS = 100
const NOT_FOUND = 5
const ALREADY_EXISTS = 6
/** gRPC: makes no sense, no permission, not made for this, not signed in. All else may pass: a server that begins. */
const FINAL = new Set([3, 7, 12, 16])

/** One thing that is not as FollowerNurture needs it. */
export interface Difference {
  what: 'server' | 'namespace' | 'retention' | 'search-attribute'
  name: string
  is: string | null
  want: string
  /** False: nothing that a set-up could change. */
  mendable: boolean
}

/** How a namespace stands. */
interface SetUp {
  namespace: string
  serverVersion: string
  retentionMs: number | null
  differences: Difference[]
}

/**
 * Compares; changes nothing.
 * @param retentionMs what it should be; whatever it is will do, if nothing is said
 */
export async function readSetUp(
  connection: Connection,
  namespace: string,
  retentionMs?: number,
): Promise<SetUp> {
  return connection.withDeadline(Date.now() + CALL_MS, () => read(connection, namespace, retentionMs))
}

async function read(connection: Connection, namespace: string, retentionMs?: number): Promise<SetUp> {
  const { serverVersion } = await connection.workflowService.getSystemInfo({})
  const differences = differencesOfServer(serverVersion)
  const found = await connection.workflowService.describeNamespace({ namespace }).catch(nullIfNotFound)
  const is = found && Number(found.config?.workflowExecutionRetentionTtl?.seconds ?? 0) * 1_000
  if (is === null) {
    const want = `retention ${days(retentionMs ?? RETENTION_MS)}`
    differences.push({ what: 'namespace', name: namespace, is: null, want, mendable: true })
  } else if (retentionMs !== undefined && is !== retentionMs) {
    differences.push({
      what: 'retention',
      name: namespace,
      is: days(is),
      want: days(retentionMs),
      mendable: true,
    })
  }
  const types = found ? await attributeTypes(connection, namespace) : {}
  for (const name of ATTRIBUTES) {
    const type = types[name]
    if (type === KEYWORD) continue
    const now = type === undefined ? null : (TYPES[type] ?? String(type))
    // Temporal changes no type: an attribute of another one must be removed by hand.
    differences.push({
      what: 'search-attribute',
      name,
      is: now,
      want: 'Keyword',
      mendable: now === null,
    })
  }
  return { namespace, serverVersion, retentionMs: is, differences }
}

/**
 * Makes what is missing: namespace, its retention, search attributes. May be repeated, also by several at once.
 * @param withinMs how long it is tried while Temporal is away, or slow to see a new namespace
 * @returns what was different before
 * @throws what Temporal says, when it refuses (no permission, Temporal Cloud) or time is over
 */
export async function setUp(
  connection: Connection,
  wish: { namespace: string; retentionMs?: number; withinMs: number },
): Promise<SetUp> {
  const { namespace, retentionMs, withinMs } = wish
  const until = Date.now() + withinMs
  const trying = <T>(call: () => Promise<T>) => tryUntil(until, connection, call)
  const before = await trying(() => read(connection, namespace, retentionMs))
  const isMissing = before.differences.some((d) => d.what === 'namespace')
  const ttl = { seconds: ((retentionMs ?? RETENTION_MS) / 1_000) as never }
  if (isMissing) {
    await trying(() =>
      connection.workflowService
        .registerNamespace({ namespace, workflowExecutionRetentionPeriod: ttl })
        .then(() => {}, unlessThere),
    )
  }
  if (before.differences.some((d) => d.what === 'retention')) {
    const config = { workflowExecutionRetentionTtl: ttl }
    await trying(() => connection.workflowService.updateNamespace({ namespace, config }))
  }
  // Several rounds: other parts of the server see a new namespace, and new attributes, some seconds later.
  await trying(async () => {
    const types = await attributeTypes(connection, namespace)
    const missing = ATTRIBUTES.filter((name) => types[name] === undefined)
    if (missing.length > 0) {
      const searchAttributes = Object.fromEntries(missing.map((name) => [name, KEYWORD]))
      await connection.operatorService
        .addSearchAttributes({ namespace, searchAttributes })
        .then(() => {}, unlessThere)
    }
    // Ready means that a start with these attributes would be taken.
    await connection.workflowService.describeNamespace({ namespace })
  })
  return before
}

async function tryUntil<T>(until: number, connection: Connection, call: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await connection.withDeadline(Date.now() + CALL_MS, call)
    } catch (err) {
      if (FINAL.has(codeOf(err)) || Date.now() > until) throw err
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS))
    }
  }
}

async function attributeTypes(
  connection: Connection,
  namespace: string,
): Promise<Record<string, number | undefined>> {
  const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace })
  return customAttributes ?? {}
}

function differencesOfServer(serverVersion: string): Difference[] {
  if (isAtLeast(serverVersion, /^v?(\d+)\.(\d+)/, LEAST_SERVER)) return []
  const want = `${LEAST_SERVER.join('.')} or newer`
  return [{ what: 'server', name: 'version', is: serverVersion, want, mendable: false }]
}

function nullIfNotFound(err: unknown): null {
  if (codeOf(err) !== NOT_FOUND) throw err
  return null
}

function unlessThere(err: unknown): void {
  if (codeOf(err) !== ALREADY_EXISTS) throw err
}

function codeOf(err: unknown): number {
  const { code } = err as { code?: unknown }
  return typeof code === 'number' ? code : -1
}

/** Of a retention, for people: `3d`, or hours where it is no whole number of days. */
export function days(ms: number): string {
  return ms % DAY_MS === 0 ? `${ms / DAY_MS}d` : `${ms / 3_600_000}h`
}
