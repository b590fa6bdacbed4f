import type { OpenAPIHono } from '@hono/zod-openapi'
import type { BodyBudget } from '../api/body/body-budget.ts'
import type { ApiDeps } from '../api/routes/route-helpers.ts'
import type { SessionApi } from '../api/session-api.ts'
import type { Auth } from '../auth/auth.ts'
import type { Links } from './view.ts'

export type ConsoleDeps = ApiDeps & {
  auth: Auth
  bodyBudget: BodyBudget
  /** Of the operator API. */
  routes: OpenAPIHono
  links(): Links
  /** The address at which WeChat reaches this product (`PUBLIC_URL`), without a trailing slash; null: not set. */
  publicUrl: string | null
}

/** What the pages of signed-in users need. Pages read the store; changes are calls of the operator API. */
export type PageDeps = ConsoleDeps & { api: SessionApi }

/** Entries on a page of a list. */
export const PAGE_SIZE = 50
