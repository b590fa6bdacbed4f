import { bilingual } from './bilingual.ts'

/** The words of a form whose stored values somebody else has changed. */
export const BOTH_VERSIONS_TEXTS = bilingual(
  {
    changedMeanwhile: (submit: string) =>
      `还没有保存：别人刚刚改了这些内容。你填写的都在下面，不同的地方注明了现在的内容。再按一次「${submit}」，就以你填写的为准。`,
    storedNow: (value: string) => `现在的内容是：${value === '' ? '（空）' : value}`,
    ticked: '已勾选',
  },
  {
    changedMeanwhile: (submit: string) =>
      `Not saved yet: somebody else has just changed this. What you typed is below, and where it differs, what is stored now. “${submit}” once more replaces it.`,
    storedNow: (value: string) => `Stored now: ${value === '' ? '(empty)' : value}`,
    ticked: 'ticked',
  },
)
