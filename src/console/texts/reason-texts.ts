import { bilingual } from './bilingual.ts'

export const REASON_TEXTS = bilingual(
  { couldNot: '没能发出', byDesign: '设计如此' },
  { couldNot: 'Could not be sent', byDesign: 'By design' },
)
