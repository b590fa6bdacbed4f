import { defaultPayloadConverter, RawValue } from '@temporalio/common'
import { defineQuery } from '@temporalio/workflow'
import type { PresentedRun } from '../src/run/present.ts'
import { READABLE_MARKER } from './names.ts'

export const stateQuery = defineQuery<PresentedRun>('state')

/**
 * Marks a query's answer so that the codec does not encrypt it: an operator reads the contract's JSON with the `temporal`
 * command line. The answer holds no ids but those of the workflow id, and no history stores it.
 */
export function leaveReadable<T>(value: T): T {
  const payload = defaultPayloadConverter.toPayload(value)
  const marked = { ...payload, metadata: { ...payload.metadata, [READABLE_MARKER]: new Uint8Array([1]) } }
  // The converter uses the payload of a raw value unchanged, so the client receives a T.
  return RawValue.fromPayload(marked) as T
}
