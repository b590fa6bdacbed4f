import { bilingual } from './bilingual.ts'

export const CAMPAIGN_TEXTS = bilingual(
  {
    empty: '还没有活动',
    name: '名称',
    accounts: '公众号',
    broken: '该版本无法读取，新粉丝不会进入活动。请重新发布活动文件。',
    warnings: '发布时的提醒',
    tryOnPhone: '在手机模拟上试一试',
    noAccount: '还没有公众号',
    canRun: '能否运行',
    yes: '可以',
    no: '不可以',
    reasons: '原因和处理',
    file: '活动文件',
  },
  {
    empty: 'No campaign yet',
    name: 'Name',
    accounts: 'Accounts',
    broken: 'This version cannot be used, so no runs start. Publish its file again.',
    warnings: 'Warnings of the check',
    tryOnPhone: 'Try it on the phone simulator',
    noAccount: 'No account yet',
    canRun: 'Can run',
    yes: 'yes',
    no: 'no',
    reasons: 'Reason and remedy',
    file: 'Campaign file',
  },
)
