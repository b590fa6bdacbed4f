/** The texts of the page, in the reader's language. */
export interface YamlTexts {
  language: 'zh' | 'en'
  label: string
  saved: string
  saving: string
  unsaved: string
  offline: string
  conflict: string
  gone: string
  takeTheirs: string
  keepOwn: string
  ownText: string
  theirs: string
  kept: string
  restoreKept: string
  dropKept: string
  errors: string
  warnings: string
  clean: string
  wholeFile: string
}

/** A text with its `{value}`. */
export const filled = (text: string, value: string | number): string => text.replace('{value}', String(value))
