import { bilingual } from './bilingual.ts'

/** The pages of one campaign. */
export const CAMPAIGN_TAB_TEXTS = bilingual(
  {
    label: '这个活动的页面',
    results: '数据',
    edit: '编排',
    yaml: 'YAML',
    versions: '版本',
    accounts: '公众号',
  },
  {
    label: 'Pages of this campaign',
    results: 'Results',
    edit: 'Steps',
    yaml: 'YAML',
    versions: 'Versions',
    accounts: 'Accounts',
  },
)
