import { defineSearchAttributeKey } from '@temporalio/common'

// Names that other programs use: docs/contract.md#7-temporal. `src/shared/ids.ts` builds the workflow id.

export const WORKFLOW_TYPE = 'FollowerNurture'

/** The workflow's task queue. */
export const NURTURE_QUEUE = 'nurture'
/** The task queue of the activities. */
export const ACTIVITY_QUEUE = 'send'

export const appIdAttribute = defineSearchAttributeKey('WechatAppId', 'KEYWORD')
export const campaignAttribute = defineSearchAttributeKey('NurtureCampaign', 'KEYWORD')
/** The API's `status` of a run. */
export const stateAttribute = defineSearchAttributeKey('NurtureState', 'KEYWORD')

/** Metadata key of a payload that the codec leaves unencrypted. */
export const READABLE_MARKER = 'nurture-readable'
