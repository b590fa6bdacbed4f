import { CONTROL_CHARACTERS } from '../shared/text.ts'

/**
 * Replaces control characters in a text from outside. Without this, a name could move the cursor of the terminal, set its
 * title or hide the text beside it.
 */
export const printable = (text: string): string =>
  text.replace(/\r\n/g, '\n').replace(CONTROL_CHARACTERS, '\ufffd')

/** The same for a single line. */
export const printableLine = (text: string): string => printable(text).replace(/[\t\n]/g, '\ufffd')
