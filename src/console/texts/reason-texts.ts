import { bilingual } from './bilingual.ts'

export const REASON_TEXTS = bilingual(
  { couldNot: '没能发出', byDesign: '设计如此', refused: (errcode: string) => `微信拒绝（${errcode}）` },
  {
    couldNot: 'Could not be sent',
    byDesign: 'By design',
    refused: (errcode: string) => `refused by WeChat (${errcode})`,
  },
)
