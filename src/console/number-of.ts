/**
 * The whole number from 1 that a text of an address or of a form stands for, in decimal digits; null: it is none.
 * @param most at most this number
 */
export function numberOf(text: string | undefined, most = 999_999_999): number | null {
  if (text === undefined || !/^[1-9]\d{0,14}$/.test(text)) return null
  const number = Number(text)
  return number <= most ? number : null
}
