import { defineSearchAttributeKey } from '@temporalio/common'

/** The names by which other programs know our workflow (docs/contract.md#7-temporal). The id is built in `src/shared/ids.ts`. */

export const WORKFLOW_TYPE = 'FollowerNurture'

/** The workflow's task queue. */
export const NURTURE_QUEUE = 'nurture'
/** The task queue of its activities. */
export const SEND_QUEUE = 'send'

export const appIdAttribute = defineSearchAttributeKey('WechatAppId', 'KEYWORD')
export const campaignAttribute = defineSearchAttributeKey('NurtureCampaign', 'KEYWORD')
/** The API's `status` of a run. */
export const stateAttribute = defineSearchAttributeKey('NurtureState', 'KEYWORD')

/** Metadata of a payload that the codec does not encrypt. */
export const READABLE_MARKER = 'nurture-readable'
