import { createAct } from './act.ts'
import type { ActivityDeps } from './deps.ts'
import { createFetchFollowerAttributes } from './follower/fetch-follower-attributes.ts'
import { createHandOver } from './follower/hand-over.ts'
import { createTagFollower } from './follower/tag-follower.ts'
import { createPrepareMedia } from './media/prepare-media.ts'
import { createRecordRun } from './record-run.ts'
import { createResolveUnanswered } from './send/resolve-unanswered.ts'
import { createSend } from './send/send.ts'
import { createSendNow } from './send/send-now.ts'
import { UnrecordedSends } from './send/unrecorded-sends.ts'

export type { ActInput } from './act.ts'
export type { ActivityDeps } from './deps.ts'
export type { FetchAttributesInput } from './follower/fetch-follower-attributes.ts'
export type { HandOverInput } from './follower/hand-over.ts'
export type { TagInput } from './follower/tag-follower.ts'
export type { RecordRunInput } from './record-run.ts'
export type { SendInput } from './send/send-input.ts'

/** The activities by their names in Temporal. All I/O of a workflow is in them. */
export function createActivities(deps: ActivityDeps) {
  const unrecorded = new UnrecordedSends()
  return {
    send: createSend(deps, unrecorded),
    sendNow: createSendNow(deps, unrecorded),
    prepareMedia: createPrepareMedia(deps),
    resolveUnanswered: createResolveUnanswered(deps),
    recordRun: createRecordRun(deps),
    fetchFollowerAttributes: createFetchFollowerAttributes(deps),
    tagFollower: createTagFollower(deps),
    act: createAct(deps),
    handOver: createHandOver(deps),
  }
}

export type Activities = ReturnType<typeof createActivities>
