import { z } from '@hono/zod-openapi'

export const temporalState = z
  .object({
    state: z.enum(['expected', 'unexpected', 'rebuilding', 'unknown']).openapi({
      description:
        '`expected`: the namespace of the runs in the store. `unexpected`: another namespace, to which nothing is sent. `rebuilding`: accepted; missing runs are being started. `unknown`: Temporal is not reachable.',
    }),
    namespace: z.string(),
    namespaceId: z.string().nullable(),
    expected: z.string().nullable().openapi({ description: 'The namespace id that the store has recorded.' }),
    activeRuns: z.number(),
  })
  .openapi('TemporalState')

export const inboxState = z
  .object({
    pending: z.number(),
    oldestAgeMs: z.number(),
    accepted: z.number(),
    duplicates: z.number(),
    refused: z.number(),
  })
  .openapi('Inbox')

/** The result of re-encrypting the secrets of the store. */
export const keyRotation = z.object({
  /** The current key. */
  keyId: z.string(),
  /** Re-encrypted texts, by `table.column`. */
  reencrypted: z.record(z.string(), z.number()),
  /** Texts that no known key decrypts. */
  unreadable: z.number(),
  /** Keys that only histories in Temporal may still need. */
  previous: z.array(
    z.object({
      keyId: z.string(),
      /** Open runs that started with this key. Each message of their followers postpones `neededUntil`. */
      openRuns: z.number(),
      /** null: Temporal did not report its retention. */
      neededUntil: z.string().nullable(),
    }),
  ),
})
