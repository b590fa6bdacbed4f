import type { Child } from 'hono/jsx'
import type { Language } from '../../src/console/texts/bilingual.ts'
import { type Links, NO_LINKS, ViewContext } from '../../src/console/view.ts'

/** The HTML of a part of a console page, as a reader of a language gets it. @param links beside the absent ones */
export function renderPart(part: Child, language: Language, links: Partial<Links> = {}): string {
  const view = { language, theme: 'system', url: '/', principal: null, notice: null } as const
  return String(
    <ViewContext.Provider value={{ ...view, links: { ...NO_LINKS, ...links } }}>{part}</ViewContext.Provider>,
  )
}
