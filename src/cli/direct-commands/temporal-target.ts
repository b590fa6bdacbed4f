import { isGrpcServiceError } from '@temporalio/client'
import type { Config } from '../../config/config.ts'
import { type TemporalTarget, temporalTargetFromEnv } from '../../temporal/connection.ts'

/** The Temporal server in `TEMPORAL_*`; without an address, the local one of `npm start`. */
export function temporalTarget(config: Config): TemporalTarget {
  const { address, profile, env, localPort, namespace } = config.temporal
  return address || profile
    ? temporalTargetFromEnv(env)
    : { namespace, connection: { address: `127.0.0.1:${localPort}` } }
}

/** gRPC: PERMISSION_DENIED, UNIMPLEMENTED, UNAUTHENTICATED. */
const PERMISSION_CODES = new Set([7, 12, 16])

/**
 * The message for a failed call to Temporal: what happened, where, and what to do.
 * @param resources what the command manages, in the plural: Temporal Cloud manages these only in its own tools
 * @throws `err` if it is not an answer of Temporal
 */
export function describeTemporalError(err: unknown, address: string | undefined, resources: string): string {
  if (!isGrpcServiceError(err)) throw err
  const { code, message: reason } = err
  if (PERMISSION_CODES.has(code))
    return `Temporal at ${address} refused the request: ${reason}. Use credentials with write permission. On Temporal Cloud, manage ${resources} in its console or with tcld.`
  return `The request to Temporal at ${address} failed: ${reason}. Check TEMPORAL_ADDRESS and TEMPORAL_NAMESPACE, and that Temporal is running.`
}
