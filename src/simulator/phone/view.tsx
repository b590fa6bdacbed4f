import type { Context } from 'hono'
import type { Child } from 'hono/jsx'
import { createContext, useContext } from 'hono/jsx'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import type { Bilingual, Language } from '../../ui/bilingual.ts'
import { browserLanguage, browserTheme, type Theme } from '../../ui/preferences.ts'

/** What every page of the simulator knows. */
export interface View {
  language: Language
  theme: Theme
  /** The path and query of the page. */
  url: string
}

const ViewContext = createContext<View>({ language: 'zh', theme: 'system', url: '/' })

/** The view of the page that is rendered. For components only. */
export const useView = (): View => useContext(ViewContext)

/** The texts in the reader's language. For components only. */
export function useText<T>(texts: Bilingual<T>): T {
  return texts[useView().language]
}

/** A text that stands in one place only. */
export const Say = ({ zh, en }: { zh: string; en: string }) => <>{useView().language === 'zh' ? zh : en}</>

/** Answers with a page in the reader's language. */
export function respond(
  c: Context,
  page: Child,
  status: ContentfulStatusCode = 200,
): Response | Promise<Response> {
  const { pathname, search } = new URL(c.req.url)
  // A form cannot be requested again with GET.
  const url = c.req.method === 'GET' ? pathname + search : pathname
  const view = { language: browserLanguage(c), theme: browserTheme(c), url }
  return c.html(<ViewContext.Provider value={view}>{page}</ViewContext.Provider>, status)
}
