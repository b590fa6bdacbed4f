import type { Context } from 'hono'
import type { Child } from 'hono/jsx'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { takeNotice } from './notice.ts'
import { languageOf, themeOf } from './shell/preferences.tsx'
import { type Links, NO_LINKS, type View, ViewContext } from './view.ts'

declare module 'hono' {
  interface ContextVariableMap {
    /** Set by the console for its own pages. */
    links: Links
  }
}

/** What the page that is asked for knows. */
export function viewOf(c: Context): View {
  const { pathname, search } = new URL(c.req.url)
  // A form cannot be requested again with GET.
  const url = c.req.method === 'GET' ? pathname + search : '/'
  return {
    language: languageOf(c),
    theme: themeOf(c),
    url,
    links: c.get('links') ?? NO_LINKS,
    principal: c.get('principal') ?? null,
    // A part of a page does not show it.
    notice: c.req.header('hx-request') ? null : takeNotice(c),
  }
}

/** Answers with a page, or a part of one, in the reader's language. */
export function respond(
  c: Context,
  page: Child,
  status: ContentfulStatusCode = 200,
  headers: Record<string, string> = {},
): Response | Promise<Response> {
  return c.html(<ViewContext.Provider value={viewOf(c)}>{page}</ViewContext.Provider>, status, headers)
}

/** A part of a page as a reader sees it. */
export async function renderFor(view: View, part: Child): Promise<string> {
  return String(await (<ViewContext.Provider value={view}>{part}</ViewContext.Provider>))
}
