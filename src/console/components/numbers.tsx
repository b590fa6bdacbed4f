import { useView } from '../view.ts'

/** Writes a number with the separators of the reader's language. For components only. */
export function useNumber(): (n: number) => string {
  const { language } = useView()
  const format = new Intl.NumberFormat(language === 'zh' ? 'zh-CN' : 'en')
  return (n) => format.format(n)
}
