import { defaultPayloadConverter, RawValue } from '@temporalio/common'
import type { Entry } from '../src/run/plan.ts'
import { READABLE_MARKER } from './names.ts'

/**
 * Marks a value so that the codec does not encrypt it. An encrypted payload has at least 110 bytes more, and nobody reads it
 * without the key. For values that say no more than the workflow id and the search attributes, which are readable too, and
 * for the input of a local activity, which does not leave the process.
 */
export function leaveReadable<T>(value: T): T {
  const payload = defaultPayloadConverter.toPayload(value)
  const marked = { ...payload, metadata: { ...payload.metadata, [READABLE_MARKER]: new Uint8Array([1]) } }
  // The converter uses the payload of a raw value unchanged, so the receiver gets a T.
  return RawValue.fromPayload(marked) as T
}

/** The memo of an execution: names its run, for the programs that list executions. A run's key is a hash. */
export function memoOf({ key }: Pick<Entry, 'key'>): { runKey: string } {
  return { runKey: leaveReadable(key) }
}
