import type { OpenAPIHono } from '@hono/zod-openapi'
import { registeredAmong } from '../../store/accounts/removed-accounts.ts'
import type { Hook } from '../../store/hooks/hook-store.ts'
import { refused } from '../api-error.ts'
import { createdHook, hook, hookBody } from '../schemas/event-schemas.ts'
import { addNamedSecretRoutes } from './named-secrets.ts'
import { type ApiDeps, createRouter } from './route-helpers.ts'

/** `/api/hooks`: the settings of hooks. `createHookEndpoint` serves their requests. */
export function createHookRoutes(deps: ApiDeps): OpenAPIHono {
  const router = createRouter()
  addNamedSecretRoutes(router, deps, {
    path: '/hooks',
    words: { one: 'a hook', many: 'hooks', it: 'hook', settings: 'settings' },
    descriptions: {
      put: 'Another system then sends signed requests to `/hooks/{name}`, outside of `/api`. The secret is generated.',
      secret: 'The previous secret is accepted for another day.',
    },
    action: 'hook',
    secretPrefix: 'hks_',
    schemas: { body: hookBody, item: hook, created: createdHook },
    read: deps.hooks,
    storeIn: ({ hooks }) => hooks,
    async settingsOf({ accounts, ...rest }) {
      await requireRegistered(deps, accounts)
      return { ...rest, accounts: [...new Set(accounts)] }
    },
    detailsOf: (settings) => settings,
    view: viewHook,
    onChange: deps.hooksChanged,
  })
  return router
}

/** @throws ApiError 422 naming each account that is not registered */
async function requireRegistered({ db }: Pick<ApiDeps, 'db'>, accounts: readonly string[]): Promise<void> {
  const registered = await registeredAmong(db, accounts)
  const issues = accounts.flatMap((appId, i) =>
    registered.has(appId) ? [] : [{ path: `accounts.${i}`, message: `there is no account ${appId}` }],
  )
  if (issues.length > 0) throw refused('The hook has unknown accounts.', issues)
}

function viewHook({ name, settings, createdAt, updatedAt }: Hook) {
  const iso = (at: number) => new Date(at).toISOString()
  const { accounts, campaign, fields } = settings
  return {
    name,
    accounts: [...accounts],
    campaign,
    fields: { ...fields, ...(fields.facts ? { facts: { ...fields.facts } } : {}) },
    createdAt: iso(createdAt),
    updatedAt: iso(updatedAt),
  }
}
