import { defaultPayloadConverter, RawValue } from '@temporalio/common'
import { defineQuery } from '@temporalio/workflow'
import type { PresentedRun } from '../src/run/present.ts'
import { READABLE_MARKER } from './names.ts'

export const stateQuery = defineQuery<PresentedRun>('state')

/**
 * A query's answer, which the codec does not encrypt. It names nothing that the workflow id does not name, no history keeps
 * it, and an operator with the `temporal` command line gets the contract's JSON.
 */
export function leaveReadable<T>(value: T): T {
  const payload = defaultPayloadConverter.toPayload(value)
  const marked = { ...payload, metadata: { ...payload.metadata, [READABLE_MARKER]: new Uint8Array([1]) } }
  // The converter passes a raw value through as the payload that it is; the client that queries gets a T.
  return RawValue.fromPayload(marked) as T
}
