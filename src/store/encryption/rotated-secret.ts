import { DAY_MS } from '../../shared/time-units.ts'
import type { Sealer } from './sealer.ts'

/** How long the secret before a change stays valid. */
const PREVIOUS_LIFETIME_MS = DAY_MS

/** The columns of a secret that can be changed while both sides still use the previous one. */
export interface SecretColumns {
  secretSealed: string
  previousSecretSealed: string | null
  previousSecretUntil: number | null
}

/** The columns of a first secret. */
export function firstSecret(sealer: Sealer, secret: string): SecretColumns {
  return { secretSealed: sealer.seal(secret), previousSecretSealed: null, previousSecretUntil: null }
}

/** The columns after a change of the secret. The previous one stays valid for a day. */
export function changedSecret(
  sealer: Sealer,
  before: Pick<SecretColumns, 'secretSealed'>,
  secret: string,
  now: number,
): SecretColumns {
  return {
    secretSealed: sealer.seal(secret),
    previousSecretSealed: before.secretSealed,
    previousSecretUntil: now + PREVIOUS_LIFETIME_MS,
  }
}

/** The valid secrets, the current one first. @throws SealError */
export function validSecrets(sealer: Sealer, row: SecretColumns, now: number): [string, ...string[]] {
  const { secretSealed, previousSecretSealed, previousSecretUntil } = row
  const isPreviousValid = previousSecretSealed !== null && (previousSecretUntil ?? 0) > now
  return [sealer.open(secretSealed), ...(isPreviousValid ? [sealer.open(previousSecretSealed)] : [])]
}
