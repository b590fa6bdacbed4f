/**
 * What a terminal obeys instead of showing it, and what turns the order of the text round it: C0 and C1 controls but for
 * tab and end of line, and the directional marks of Unicode (UAX 9).
 */
const CONTROL_CHARACTERS = /(?![\t\n])[\p{Cc}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu

/** Somebody else's text for a terminal: a name must not move its cursor, set its title or hide what stands beside it. */
export const printable = (text: string): string =>
  text.replace(/\r\n/g, '\n').replace(CONTROL_CHARACTERS, '\ufffd')

/** The same in one line. */
export const printableLine = (text: string): string => printable(text).replace(/[\t\n]/g, '\ufffd')
