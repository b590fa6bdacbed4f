import { createLearnFacts } from './learn-facts.ts'
import type { ActivityDeps } from './ports.ts'
import { createPrepareMedia } from './prepare-media.ts'
import { createRecord } from './record.ts'
import { createSend } from './send.ts'
import { createSettle } from './settle.ts'
import { createTagFollower } from './tag-follower.ts'

export type { LearnInput } from './learn-facts.ts'
export type { ActivityDeps } from './ports.ts'
export type { RecordInput } from './record.ts'
export type { SendInput } from './send-input.ts'
export type { TagInput } from './tag-follower.ts'

/** Everything that touches the outside world on a workflow's behalf. */
export function createActivities(deps: ActivityDeps) {
  return {
    send: createSend(deps),
    prepareMedia: createPrepareMedia(deps),
    settle: createSettle(deps),
    record: createRecord(deps),
    learnFacts: createLearnFacts(deps),
    tagFollower: createTagFollower(deps),
  }
}

export type Activities = ReturnType<typeof createActivities>
