import { bilingual } from './bilingual.ts'

/** Of every form and dialog. */
export const FORM_TEXTS = bilingual(
  {
    refused: '还没有保存：标红的地方需要修改。',
    optional: '选填',
    cancel: '取消',
    copy: '复制',
    copied: '已复制',
    stop: '停止',
  },
  {
    refused: 'Not saved yet: correct what is marked red.',
    optional: 'optional',
    cancel: 'Cancel',
    copy: 'Copy',
    copied: 'Copied',
    stop: 'Stop',
  },
)
