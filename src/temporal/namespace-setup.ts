import { setTimeout as sleep } from 'node:timers/promises'
import type { Connection } from '@temporalio/client'
import { GRPC_ALREADY_EXISTS, GRPC_NOT_FOUND, grpcCodeOf } from './grpc-status.ts'
import { isAtLeast, MIN_SERVER } from './local-server/versions.ts'

const KEYWORD = 2
const ATTRIBUTES = ['WechatAppId', 'NurtureCampaign', 'NurtureState'] as const
/** By Temporal's enum IndexedValueType: the names that its command line shows. */
const TYPES = ['Unspecified', 'Text', 'Keyword', 'Int', 'Double', 'Bool', 'Datetime', 'KeywordList']
const DAY_MS = 86_400_000
/** Default for how long Temporal keeps a closed run. */
export const RETENTION_MS = 3 * DAY_MS
/** Temporal refuses a shorter retention. */
export const MIN_RETENTION_MS = DAY_MS
const CALL_TIMEOUT_MS = 5_000
const RETRY_DELAY_MS = 100
/** gRPC: invalid argument, permission denied, unimplemented, unauthenticated. Other errors may pass, as at the start of a server. */
const PERMANENT_ERRORS = new Set([3, 7, 12, 16])

/** Something that differs from what FollowerNurture needs. */
export interface NamespaceDifference {
  what: 'server' | 'namespace' | 'retention' | 'search-attribute'
  name: string
  actual: string | null
  expected: string
  /** False: a set-up cannot change it. */
  fixable: boolean
}

interface NamespaceSetup {
  namespace: string
  serverVersion: string
  retentionMs: number | null
  differences: NamespaceDifference[]
}

/**
 * Compares a namespace with what FollowerNurture needs. Changes nothing.
 * @param retentionMs the wanted retention; default: any
 */
export async function diffNamespace(
  connection: Connection,
  namespace: string,
  retentionMs?: number,
): Promise<NamespaceSetup> {
  return connection.withDeadline(Date.now() + CALL_TIMEOUT_MS, () => read(connection, namespace, retentionMs))
}

async function read(
  connection: Connection,
  namespace: string,
  retentionMs?: number,
): Promise<NamespaceSetup> {
  const { serverVersion } = await connection.workflowService.getSystemInfo({})
  const differences = differencesOfServer(serverVersion)
  const description = await connection.workflowService.describeNamespace({ namespace }).catch(nullIfNotFound)
  const actual =
    description && Number(description.config?.workflowExecutionRetentionTtl?.seconds ?? 0) * 1_000
  if (actual === null) {
    const expected = `retention ${formatRetention(retentionMs ?? RETENTION_MS)}`
    differences.push({ what: 'namespace', name: namespace, actual: null, expected, fixable: true })
  } else if (retentionMs !== undefined && actual !== retentionMs) {
    differences.push({
      what: 'retention',
      name: namespace,
      actual: formatRetention(actual),
      expected: formatRetention(retentionMs),
      fixable: true,
    })
  }
  const types = description ? await attributeTypes(connection, namespace) : {}
  for (const name of ATTRIBUTES) {
    const type = types[name]
    if (type === KEYWORD) continue
    const actualType = type === undefined ? null : (TYPES[type] ?? String(type))
    // Temporal cannot change the type of an attribute: an operator must remove it first.
    differences.push({
      what: 'search-attribute',
      name,
      actual: actualType,
      expected: 'Keyword',
      fixable: actualType === null,
    })
  }
  return { namespace, serverVersion, retentionMs: actual, differences }
}

/**
 * Creates what is missing: the namespace, its retention, its search attributes. May be repeated, also concurrently.
 * @param request.timeoutMs how long to retry while Temporal is unreachable, or does not see a new namespace yet
 * @returns the differences before the set-up
 * @throws Temporal's error when it refuses (no permission, Temporal Cloud) or the time is over
 */
export async function setUpNamespace(
  connection: Connection,
  request: { namespace: string; retentionMs?: number; timeoutMs: number },
): Promise<NamespaceSetup> {
  const { namespace, retentionMs, timeoutMs } = request
  const deadline = Date.now() + timeoutMs
  const retrying = <T>(call: () => Promise<T>) => retryUntil(deadline, connection, call)
  const before = await retrying(() => read(connection, namespace, retentionMs))
  const isMissing = before.differences.some((d) => d.what === 'namespace')
  const ttl = { seconds: ((retentionMs ?? RETENTION_MS) / 1_000) as never }
  if (isMissing) {
    await retrying(() =>
      connection.workflowService
        .registerNamespace({ namespace, workflowExecutionRetentionPeriod: ttl })
        .then(() => {}, ignoreAlreadyExists),
    )
  }
  if (before.differences.some((d) => d.what === 'retention')) {
    const config = { workflowExecutionRetentionTtl: ttl }
    await retrying(() => connection.workflowService.updateNamespace({ namespace, config }))
  }
  // Other services of the server see a new namespace, and new attributes, some seconds later.
  await retrying(async () => {
    const types = await attributeTypes(connection, namespace)
    const missing = ATTRIBUTES.filter((name) => types[name] === undefined)
    if (missing.length > 0) {
      const searchAttributes = Object.fromEntries(missing.map((name) => [name, KEYWORD]))
      await connection.operatorService
        .addSearchAttributes({ namespace, searchAttributes })
        .then(() => {}, ignoreAlreadyExists)
    }
    // Ready means that a run with these attributes could start.
    await connection.workflowService.describeNamespace({ namespace })
  })
  return before
}

async function retryUntil<T>(deadline: number, connection: Connection, call: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await connection.withDeadline(Date.now() + CALL_TIMEOUT_MS, call)
    } catch (err) {
      if (PERMANENT_ERRORS.has(grpcCodeOf(err)) || Date.now() > deadline) throw err
      await sleep(RETRY_DELAY_MS)
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

function differencesOfServer(serverVersion: string): NamespaceDifference[] {
  if (isAtLeast(serverVersion, /^v?(\d+)\.(\d+)/, MIN_SERVER)) return []
  const expected = `${MIN_SERVER.join('.')} or newer`
  return [{ what: 'server', name: 'version', actual: serverVersion, expected, fixable: false }]
}

function nullIfNotFound(err: unknown): null {
  if (grpcCodeOf(err) !== GRPC_NOT_FOUND) throw err
  return null
}

function ignoreAlreadyExists(err: unknown): void {
  if (grpcCodeOf(err) !== GRPC_ALREADY_EXISTS) throw err
}

/** A retention for people: `3d`, or hours when it is not a whole number of days. */
export function formatRetention(ms: number): string {
  return ms % DAY_MS === 0 ? `${ms / DAY_MS}d` : `${ms / 3_600_000}h`
}
