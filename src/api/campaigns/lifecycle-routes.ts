import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { withAccounts } from '../../campaign/edit-accounts.ts'
import { activeFollowersByCampaign } from '../../store/runs/campaign-runs.ts'
import { retryDeferredSteps } from '../../temporal/account-runs.ts'
import { cancelCampaignRuns } from '../../temporal/campaign-runs.ts'
import { conflict, notFound, refused } from '../api-error.ts'
import {
  type ApiDeps,
  auditedChange,
  conflictResponse,
  errorResponses,
  jsonBody,
  jsonResponse,
  notFoundResponse,
  security,
} from '../routes/route-helpers.ts'
import { accountsBody, accountsChanged, retired } from '../schemas/campaign-lifecycle-schemas.ts'
import { campaignItem, campaignParam } from '../schemas/campaign-schemas.ts'
import { listTargetAccounts, type TargetAccount } from '../views/campaign-account-view.ts'
import { campaignView } from '../views/campaign-view.ts'
import { checkSource, findCampaign, publishSource, usableCampaign } from './campaign-files.ts'
import { expectationHeaders, expectedNumber, versionConflict } from './expectations.ts'

/** `/api/campaigns/{id}/retire`, `…/restore`, and changes of `…/accounts` */
export function addLifecycleRoutes(router: OpenAPIHono, deps: ApiDeps): void {
  retireCampaign(router, deps)
  restoreCampaign(router, deps)
  changeAccounts(router, deps)
}

/** `POST /campaigns/{id}/retire` */
function retireCampaign(router: OpenAPIHono, deps: ApiDeps): void {
  router.openapi(
    createRoute({
      method: 'post',
      path: '/campaigns/{id}/retire',
      summary: 'Retire a campaign',
      description:
        'Nobody enters any more, and lists leave the campaign out. Active runs continue to their end, also those of a paused campaign; with `cancel=true` they end as `cancelled`. Versions, history and totals stay. The call can be repeated.',
      security,
      request: {
        params: campaignParam,
        query: z.strictObject({ cancel: z.enum(['true', 'false']).optional() }),
      },
      responses: {
        200: jsonResponse(retired, 'The campaign is retired.'),
        ...errorResponses,
        ...notFoundResponse,
      },
    }),
    async (c) => {
      const { id } = c.req.valid('param')
      const isCancelled = c.req.valid('query').cancel === 'true'
      await auditedChange(deps, c, async (stores) => {
        if (!(await stores.campaigns.setState(id, 'retired'))) throw notFound(`campaign ${id}`)
        const details = { cancel: isCancelled }
        return { action: 'campaign.retire', target: id, details, result: null }
      })
      await deps.reloadConfig()
      const open = await activeFollowersByCampaign(deps.db, id)
      if (isCancelled) cancelCampaignRuns(deps, open, `campaign ${id} was retired`)
      else retryDeferredSteps(deps, { campaign: id })
      const answer = { id, state: 'retired' as const, activeRuns: open.length }
      return c.json({ ...answer, ending: isCancelled ? open.length : 0 }, 200)
    },
  )
}

/** `POST /campaigns/{id}/restore` */
function restoreCampaign(router: OpenAPIHono, deps: ApiDeps): void {
  router.openapi(
    createRoute({
      method: 'post',
      path: '/campaigns/{id}/restore',
      summary: 'Restore a retired campaign',
      description:
        'Its newest version is live again, after the checks of a publication. To begin it later, pause it.',
      security,
      request: { params: campaignParam },
      responses: {
        200: jsonResponse(campaignItem, 'The campaign.'),
        ...errorResponses,
        ...notFoundResponse,
        ...conflictResponse,
      },
    }),
    async (c) => {
      const { id } = c.req.valid('param')
      const { source } = await usableCampaign(deps, id)
      const { campaign, issues } = await checkSource(deps, source, { pathId: id })
      if (!campaign)
        throw refused('The campaign cannot be restored as it is. Publish a corrected file.', issues)
      await auditedChange(deps, c, async (stores) => {
        if (!(await stores.campaigns.setState(id, 'live', ['retired'])))
          throw conflict(`Campaign ${id} is not retired.`)
        return { action: 'campaign.restore', target: id, result: null }
      })
      await deps.reloadConfig()
      return c.json(campaignView(await findCampaign(deps, id)), 200)
    },
  )
}

/** `POST /campaigns/{id}/accounts` */
function changeAccounts(router: OpenAPIHono, deps: ApiDeps): void {
  router.openapi(
    createRoute({
      method: 'post',
      path: '/campaigns/{id}/accounts',
      summary: 'Change the accounts of a campaign',
      description:
        'Changes `accounts` in the file and publishes it; nothing else in the file changes. An added account that cannot run the campaign now refuses the call, unless `force` is true.',
      security,
      request: { params: campaignParam, headers: expectationHeaders, ...jsonBody(accountsBody) },
      responses: {
        200: jsonResponse(accountsChanged, 'Each account, with the reasons why it cannot run the campaign.'),
        ...errorResponses,
        ...notFoundResponse,
        ...conflictResponse,
      },
    }),
    async (c) => {
      const { id } = c.req.valid('param')
      const { add = [], remove = [], check, force } = c.req.valid('json')
      const { version, source: current } = await usableCampaign(deps, id)
      const expected = expectedNumber(c)
      if (expected !== undefined && expected !== version.version)
        throw versionConflict(`campaign ${id}`, 'version', expected, {
          number: version.version,
          at: version.publishedAt,
          by: version.publishedBy,
        })
      const before = version.model.accounts
      if (!before)
        throw refused('The campaign serves every account already.', [
          { path: 'add', message: 'the file has no accounts: every account has the campaign' },
        ])
      const after = changedList(before, add, remove)
      const targets = await listTargetAccounts(deps, { ...version.model, accounts: [...after, ...remove] })
      const shown = targets.map((target) => reportOf(target, { before, after }))
      const cannot = shown.filter((a) => a.change === 'added' && !a.takes)
      if (cannot.length > 0 && !force && !check) throw cannotRun(add, cannot)
      const result = { id, accounts: shown }
      const isSame = after.length === before.length && after.every((a) => before.includes(a))
      if (check || isSame)
        return c.json({ ...result, version: version.version, published: false, warnings: [] }, 200)
      const source = withAccounts(current, after)
      if (source === null)
        throw refused('The accounts cannot be changed in this file. Edit the file and publish it.', [
          { path: 'accounts', message: 'is not a plain list' },
        ])
      const done = await publishSource(deps, c, {
        source,
        pathId: id,
        expectedVersion: version.version,
        action: 'campaign.accounts',
      })
      return c.json({ ...result, version: done.version, published: true, warnings: done.warnings }, 200)
    },
  )
}

function changedList(before: readonly string[], add: readonly string[], remove: readonly string[]): string[] {
  const issues = [
    ...remove.flatMap((appId, i) =>
      before.includes(appId) ? [] : [{ path: `remove.${i}`, message: `${appId} does not have the campaign` }],
    ),
    ...add.flatMap((appId, i) =>
      remove.includes(appId) ? [{ path: `add.${i}`, message: `${appId} is also in remove` }] : [],
    ),
  ]
  const after = [...new Set([...before, ...add])].filter((appId) => !remove.includes(appId))
  if (after.length === 0)
    issues.push({ path: 'remove', message: 'no account would be left: retire the campaign instead' })
  if (issues.length > 0) throw refused('The accounts cannot be changed.', issues)
  return after
}

function reportOf(
  { appId, name, reasons }: TargetAccount,
  { before, after }: { before: readonly string[]; after: readonly string[] },
) {
  const kept = before.includes(appId) ? ('kept' as const) : ('added' as const)
  return {
    appId,
    name,
    takes: reasons.length === 0,
    reasons: reasons.map((r) => r.en),
    change: after.includes(appId) ? kept : ('removed' as const),
  }
}

function cannotRun(add: readonly string[], cannot: readonly { appId: string; reasons: string[] }[]) {
  return refused(
    'Some accounts cannot run the campaign. To publish it for them nevertheless, repeat the call with force: true (CLI: --force).',
    cannot.map(({ appId, reasons }) => ({
      path: `add.${add.indexOf(appId)}`,
      message: `${appId}: ${reasons.join('; ')}`,
    })),
  )
}
