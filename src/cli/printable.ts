/** C0 and C1 control characters except tab and line feed, and Unicode's directional formatting characters (UAX #9). */
const CONTROL_CHARACTERS = /(?![\t\n])[\p{Cc}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu

/**
 * Replaces control characters in a text from outside. Without this, a name could move the cursor of the terminal, set its
 * title or hide the text beside it.
 */
export const printable = (text: string): string =>
  text.replace(/\r\n/g, '\n').replace(CONTROL_CHARACTERS, '\ufffd')

/** The same for a single line. */
export const printableLine = (text: string): string => printable(text).replace(/[\t\n]/g, '\ufffd')
