import { useView } from '../view.ts'

const FORMATS = { zh: new Intl.NumberFormat('zh-CN'), en: new Intl.NumberFormat('en') }

/** Writes a number with the separators of the reader's language. For components only. */
export function useNumber(): (n: number) => string {
  const format = FORMATS[useView().language]
  return (n) => format.format(n)
}
