import { bilingual } from './bilingual.ts'

export const CHART_TEXTS = bilingual({ asTable: '以表格查看' }, { asTable: 'Show as a table' })
