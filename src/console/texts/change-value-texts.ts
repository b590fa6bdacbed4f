import { type Bilingual, bilingual, type Language } from './bilingual.ts'
import { EDITOR_TEXTS } from './editor-texts.ts'

interface ChangeValueTexts {
  /** Words for values by the last part of their field. */
  values: Readonly<Record<string, Readonly<Record<string, string>>>>
  kinds: Readonly<Record<string, string>>
  separator: string
}

/** The values of campaign files in words: those of the editor's forms. */
export const CHANGE_VALUE_TEXTS: Bilingual<ChangeValueTexts> = bilingual(
  { ...editorWords('zh'), separator: '、' },
  { ...editorWords('en'), separator: ', ' },
)

function editorWords(language: Language): Omit<ChangeValueTexts, 'separator'> {
  const texts = EDITOR_TEXTS[language]
  const { previous, entry, reply } = texts.sinceNames
  const { always, never } = texts.reentries
  return {
    values: {
      since: { previous, entry, reply },
      ifLate: { hold: texts.hold, skip: texts.skip },
      when: { replied: texts.replied, 'not-replied': texts.notReplied },
      days: texts.daysNames,
      ifBusy: texts.busies,
      reentry: { always, never },
    },
    kinds: texts.kinds,
  }
}
