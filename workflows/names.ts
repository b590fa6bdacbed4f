import { defineSearchAttributeKey } from '@temporalio/common'

export const appIdAttribute = defineSearchAttributeKey('WechatAppId', 'KEYWORD')
export const campaignAttribute = defineSearchAttributeKey('NurtureCampaign', 'KEYWORD')
export const stateAttribute = defineSearchAttributeKey('NurtureState', 'KEYWORD')
