import { isGrpcServiceError } from '@temporalio/client'
import type { Config } from '../../config/config.ts'
import { type TemporalTarget, temporalTargetFromEnv } from '../../temporal/connection.ts'

/** The Temporal that `TEMPORAL_*` names; else the local one of `npm start`. */
export function temporalTarget(config: Config): TemporalTarget {
  const { address, profile, env, localPort, namespace } = config.temporal
  return address || profile
    ? temporalTargetFromEnv(env)
    : { namespace, connection: { address: `127.0.0.1:${localPort}` } }
}

/** gRPC: no permission, not made for this, not signed in. */
const PERMISSION_CODES = new Set([7, 12, 16])

/**
 * Why Temporal did not do it, and what to do.
 * @throws what was caught, when it is not Temporal's answer but a fault of ours
 */
export function describeTemporalError(err: unknown, address: string | undefined, what: string): string {
  if (!isGrpcServiceError(err)) throw err
  const { code, message: reason } = err
  if (PERMISSION_CODES.has(code))
    return `Temporal at ${address} refuses: ${reason}. Give credentials that may change it; on Temporal Cloud ${what} are made in its own console or with tcld`
  return `Temporal at ${address} did not do it: ${reason}. Look at TEMPORAL_ADDRESS and TEMPORAL_NAMESPACE, and whether it runs`
}
