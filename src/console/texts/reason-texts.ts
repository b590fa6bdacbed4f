import { bilingual } from './bilingual.ts'

export const REASON_TEXTS = bilingual(
  {
    couldNot: '没能发出',
    byDesign: '设计如此',
    left: '已离开',
    refused: (errcode: string) => `微信拒绝（${errcode}）`,
  },
  {
    couldNot: 'Could not be sent',
    byDesign: 'By design',
    left: 'Had left',
    refused: (errcode: string) => `refused by WeChat (${errcode})`,
  },
)
