import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { hasRole, requiredRoleForAccountFields } from '../../auth/roles.ts'
import { forwardProblem } from '../../callback/forward/forward-problem.ts'
import { optOutIssues } from '../../campaign/check-answers.ts'
import { repliesOf } from '../../campaign/items.ts'
import { mediaRefs } from '../../campaign/message.ts'
import { joinSentences } from '../../shared/text.ts'
import type { Account } from '../../store/accounts/account.ts'
import { readModeMismatch } from '../../store/accounts/mode-mismatch.ts'
import { finishRemoval, removeAccount, unfinishedRemovals } from '../../store/accounts/removed-accounts.ts'
import { existingMedia } from '../../store/campaigns/media-store.ts'
import { activeFollowersByAccount } from '../../store/runs/run-rows.ts'
import { endRemovedRuns, retryDeferredSteps } from '../../temporal/account-runs.ts'
import { conflict, forbidden, notFound, refused } from '../api-error.ts'
import { account, accountPatch, newAccount, verification } from '../schemas/account-schemas.ts'
import { appIdParam, flag } from '../schemas/common-schemas.ts'
import { clockChecks, verifyAccount } from '../verify-account.ts'
import { accountView } from '../views/account-view.ts'
import {
  type ApiDeps,
  auditedChange,
  conflictResponse,
  createRouter,
  cursor,
  errorResponses,
  jsonBody,
  jsonResponse,
  listRoute,
  notFoundResponse,
  security,
  toPage,
} from './route-helpers.ts'

/** `/api/accounts` */
export function createAccountRoutes(deps: ApiDeps): OpenAPIHono {
  const router = createRouter()
  registerAccount(router, deps)
  listAccounts(router, deps)
  readAccount(router, deps)
  changeAccount(router, deps)
  deleteAccount(router, deps)
  verifyRegistered(router, deps)
  return router
}

/** `POST /accounts` */
function registerAccount(router: OpenAPIHono, deps: ApiDeps): void {
  router.openapi(
    createRoute({
      method: 'post',
      path: '/accounts',
      summary: 'Register an account',
      description: 'With `verify=true`, the account is checked with WeChat first.',
      security,
      request: { ...jsonBody(newAccount), query: z.strictObject({ verify: flag }) },
      responses: {
        201: jsonResponse(account, 'The registered account.'),
        ...errorResponses,
        ...conflictResponse,
      },
    }),
    async (c) => {
      const given = c.req.valid('json')
      const requested = { ...given, name: given.name ?? given.appId }
      requireAesKey(requested)
      rejectPrivateForward(deps, requested.forward)
      await rejectOptOut(deps, requested)
      if (await deps.accounts.find(requested.appId))
        throw conflict(`Account ${requested.appId} is already registered.`)
      if (c.req.valid('query').verify === 'true')
        await requireVerified(deps, { ...requested, lastCallbackAt: null })
      for (const unfinished of await unfinishedRemovals(deps.db, requested.appId))
        await finishRemoval(deps.db, unfinished, deps.now())
      await auditedChange(deps, c, async (stores) => {
        if (!(await stores.accounts.add(requested)))
          throw conflict(`Account ${requested.appId} is already registered.`)
        const details = { mode: requested.mode, rules: requested.rules }
        return { action: 'account.add', target: requested.appId, details, result: null }
      })
      await deps.reloadConfig()
      return c.json(accountView(await findAccount(deps, requested.appId), deps.now()), 201)
    },
  )
}

/** `GET /accounts` */
function listAccounts(router: OpenAPIHono, deps: ApiDeps): void {
  router.openapi(listRoute('/accounts', { summary: 'List accounts' }, account), async (c) => {
    const { cursor: from, limit } = c.req.valid('query')
    const found = await deps.accounts.list({ after: cursor.read(from), limit: limit + 1 })
    const { items, next } = toPage(found, limit, (a) => a.appId)
    return c.json({ items: items.map((a) => accountView(a, deps.now())), next }, 200)
  })
}

/** `GET /accounts/{appId}` */
function readAccount(router: OpenAPIHono, deps: ApiDeps): void {
  router.openapi(
    createRoute({
      method: 'get',
      path: '/accounts/{appId}',
      summary: 'Get an account',
      security,
      request: { params: appIdParam },
      responses: { 200: jsonResponse(account, 'The account.'), ...errorResponses, ...notFoundResponse },
    }),
    async (c) => c.json(accountView(await findAccount(deps, c.req.valid('param').appId), deps.now()), 200),
  )
}

/** `PATCH /accounts/{appId}` */
function changeAccount(router: OpenAPIHono, deps: ApiDeps): void {
  router.openapi(
    createRoute({
      method: 'patch',
      path: '/accounts/{appId}',
      summary: 'Update an account',
      description:
        'Fields that are absent stay unchanged. Secrets, mode and addresses need the role admin. With `verify=true`, the account is checked with WeChat first.',
      security,
      request: { params: appIdParam, ...jsonBody(accountPatch), query: z.strictObject({ verify: flag }) },
      responses: {
        200: jsonResponse(account, 'The updated account.'),
        ...errorResponses,
        ...notFoundResponse,
      },
    }),
    async (c) => {
      const { appId } = c.req.valid('param')
      const { state, ...patch } = c.req.valid('json')
      const before = await findAccount(deps, appId)
      const needed = requiredRoleForAccountFields(Object.keys({ ...patch, ...(state ? { state } : {}) }))
      const { role } = c.get('principal')
      if (!hasRole(role, needed)) throw forbidden(needed, role)
      const after = { ...before, ...patch }
      rejectPrivateForward(deps, patch.forward)
      if (patch.optOut !== undefined) await rejectOptOut(deps, after)
      if (before.kind === 'authorised') rejectSecrets(patch)
      else requireAesKey(after)
      if (c.req.valid('query').verify === 'true') await requireVerified(deps, after)
      const fields = Object.keys({ ...patch, ...(state ? { state } : {}) })
      const unblocked = await auditedChange(deps, c, async (stores) => {
        if (!(await stores.accounts.patch(appId, patch))) throw notFound(`account ${appId}`)
        const unblocked =
          patch.appSecret !== undefined && (await stores.accounts.unblockAfterSecretChange(appId))
        if (state)
          await stores.accounts.setState(appId, state, state === 'paused' ? 'paused by operator' : null)
        return { action: 'account.change', target: appId, details: { fields }, result: unblocked }
      })
      await deps.reloadConfig()
      if (state === 'active' || (unblocked && !state)) retryDeferredSteps(deps, { appId })
      return c.json(accountView(await findAccount(deps, appId), deps.now()), 200)
    },
  )
}

/** `DELETE /accounts/{appId}` */
function deleteAccount(router: OpenAPIHono, deps: ApiDeps): void {
  router.openapi(
    createRoute({
      method: 'delete',
      path: '/accounts/{appId}',
      summary: 'Remove an account',
      description:
        'Refused with 409 while the account has active runs. With `cancel=true`, they end as `account-stopped`.',
      security,
      request: { params: appIdParam, query: z.strictObject({ cancel: flag }) },
      responses: {
        204: { description: 'The account is removed.' },
        ...errorResponses,
        ...notFoundResponse,
        ...conflictResponse,
      },
    }),
    async (c) => {
      const { appId } = c.req.valid('param')
      await findAccount(deps, appId)
      const open = await activeFollowersByAccount(deps.db, appId)
      if (open.length > 0 && c.req.valid('query').cancel !== 'true') {
        const [runs, them] =
          open.length === 1 ? ['1 active run', 'it'] : [`${open.length} active runs`, 'them']
        throw conflict(
          `Account ${appId} has ${runs}. To end ${them} (outcome account-stopped), repeat with ?cancel=true (CLI: --cancel).`,
        )
      }
      await auditedChange(deps, c, async ({ tx }) => {
        if (!(await removeAccount(tx, appId, deps.now()))) throw notFound(`account ${appId}`)
        const details = { ended: open.length }
        return { action: 'account.remove', target: appId, details, result: null }
      })
      await deps.reloadConfig()
      await finishRemoval(deps.db, appId, deps.now())
      endRemovedRuns(deps, open)
      return c.body(null, 204)
    },
  )
}

/** `POST /accounts/{appId}/verify` */
function verifyRegistered(router: OpenAPIHono, deps: ApiDeps): void {
  router.openapi(
    createRoute({
      method: 'post',
      path: '/accounts/{appId}/verify',
      summary: 'Verify an account with WeChat',
      description: 'Checks the secret, IP whitelist, certification, callback and clock.',
      security,
      request: { params: appIdParam },
      responses: {
        200: jsonResponse(verification, 'The result of each check.'),
        ...errorResponses,
        ...notFoundResponse,
      },
    }),
    async (c) => {
      const found = await findAccount(deps, c.req.valid('param').appId)
      const authorised = found.kind === 'authorised' ? () => deps.tokens.getToken(found.appId) : undefined
      const other = await readModeMismatch(deps.db, found.appId)
      const tried = await verifyAccount(found, deps.clientOf(found), authorised, other)
      const checks = [...tried, ...clockChecks(deps.skewMonitor.reportFor(found.apiBase))]
      const ok = checks.every((x) => x.ok)
      await auditedChange(deps, c, async (stores) => {
        if (checks.some((x) => x.check === 'certification' && x.ok))
          await stores.accounts.clearRefusals(found.appId)
        return { action: 'account.verify', target: found.appId, details: { ok }, result: null }
      })
      return c.json({ ok, checks }, 200)
    },
  )
}

async function findAccount({ accounts }: Pick<ApiDeps, 'accounts'>, appId: string): Promise<Account> {
  const found = await accounts.find(appId)
  if (!found) throw notFound(`account ${appId}`)
  return found
}

/** @throws ApiError 422 if events may not be forwarded to this address */
function rejectPrivateForward(
  { forwardPrivate }: Pick<ApiDeps, 'forwardPrivate'>,
  forward: { url: string } | null | undefined,
): void {
  const problem = forward && forwardProblem(forward.url, forwardPrivate)
  if (problem)
    throw refused('Events cannot be forwarded to this URL.', [{ path: 'forward.url', message: problem }])
}

/** @throws ApiError 422 for an opt-out whose replies could not be sent */
async function rejectOptOut(
  { db }: Pick<ApiDeps, 'db'>,
  { appId, rules, variables, optOut }: Pick<Account, 'appId' | 'rules' | 'variables' | 'optOut'>,
): Promise<void> {
  if (!optOut) return
  const media = repliesOf({ exit: optOut }).flatMap(({ message }) => mediaRefs(message))
  const known = await existingMedia(
    db,
    media.map(({ id }) => id),
  )
  const issues = optOutIssues(optOut, {
    accounts: [{ appId, rules, variables }],
    hasMedia: (id) => known.has(id),
  })
  if (issues.length > 0) throw refused('The opt-out cannot be used.', issues)
}

/** Ignores the callback check: WeChat cannot have reached the callback yet. @throws ApiError 422 with WeChat's errcode */
async function requireVerified(
  deps: Pick<ApiDeps, 'clientOf'>,
  requested: Parameters<typeof verifyAccount>[0] & { apiBase: string | null },
): Promise<void> {
  const checks = await verifyAccount(requested, deps.clientOf(requested))
  const failed = checks.filter((x) => !x.ok && x.check !== 'callback')
  if (failed.length === 0) return
  const issues = failed.map((x) => ({
    path: x.check === 'secret' ? 'appSecret' : x.check,
    message: joinSentences(x.message, x.remedy),
  }))
  throw refused(`WeChat did not accept this account (errcode ${failed[0]?.errcode ?? 'none'}).`, issues)
}

/** An authorised account has no credentials of its own: it uses those of the third-party platform. */
function rejectSecrets(patch: Record<string, unknown>): void {
  const own = ['appSecret', 'token', 'encodingAesKey', 'mode'].filter((field) => field in patch)
  if (own.length === 0) return
  const message = 'An authorised account uses the credentials of the third-party platform.'
  throw refused(
    message,
    own.map((path) => ({ path, message })),
  )
}

function requireAesKey({ mode, encodingAesKey }: { mode: string; encodingAesKey: string | null }): void {
  if (mode === 'plain' || encodingAesKey) return
  const message = `Mode ${mode} needs the EncodingAESKey of the account.`
  throw refused(message, [{ path: 'encodingAesKey', message }])
}
