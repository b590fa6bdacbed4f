import { accountPath, campaignPath, followerPath } from '../../src/console/paths.ts'
import type { Filled } from './fill-store.ts'

/** A page of the console: what it is called in the table, and its path. */
export interface BenchPage {
  name: string
  path: string
}

/** Every page of the console, with the filters that people use. */
export function benchPages(filled: Filled): BenchPage[] {
  return [
    { name: 'overview', path: '/' },
    { name: 'first steps', path: '/start' },
    ...campaignPages(campaignPath(filled.campaign)),
    ...followerPages(filled),
    { name: 'accounts', path: '/accounts' },
    { name: 'one account', path: accountPath(filled.appId) },
    { name: 'settings of an account', path: `${accountPath(filled.appId)}/settings` },
    { name: 'QR codes', path: '/qrcodes' },
    { name: 'one QR code', path: '/qrcodes/300' },
    { name: 'media', path: '/media' },
    { name: 'users', path: '/users' },
    { name: 'tokens', path: '/tokens' },
    { name: 'audit', path: '/audit' },
    { name: 'audit, of an actor', path: '/audit?actor=user:operator-7' },
    { name: 'audit, of a target', path: '/audit?target=target-77' },
    { name: 'audit, page in the middle', path: `/audit?cursor=${filled.auditCursor}` },
    { name: 'system', path: '/system' },
  ]
}

function campaignPages(campaign: string): BenchPage[] {
  return [
    { name: 'campaigns', path: '/campaigns' },
    { name: 'gallery', path: '/campaigns/new' },
    { name: 'results, 7 days', path: campaign },
    { name: 'results, all', path: `${campaign}?range=all` },
    { name: 'results, a version', path: `${campaign}?range=30&version=1` },
    { name: 'editor', path: `${campaign}/edit` },
    { name: 'editor, YAML', path: `${campaign}/yaml` },
    { name: 'versions', path: `${campaign}/versions` },
    { name: 'publish', path: `${campaign}/publish` },
    { name: 'accounts of a campaign', path: `${campaign}/accounts` },
    { name: 'test send', path: `${campaign}/test` },
    { name: 'dry run', path: `${campaign}/dry-run` },
  ]
}

function followerPages(filled: Filled): BenchPage[] {
  const { campaign, appId } = filled
  const list = (name: string, query: Record<string, string>): BenchPage => ({
    name: `followers, ${name}`,
    path: `/followers?${new URLSearchParams(query)}`,
  })
  return [
    { name: 'followers', path: '/followers' },
    list('page in the middle', { cursor: filled.deep }),
    list('active', { status: 'active' }),
    list('paused', { status: 'paused' }),
    list('ended, page in the middle', { status: 'ended', cursor: filled.deepEnded }),
    list('by outcome', { outcome: 'opted-out' }),
    list('by account', { appId }),
    list('by campaign', { campaign }),
    list('by campaign and version', { campaign, version: '2' }),
    list('active of a campaign and an account', { status: 'active', campaign, appId }),
    list('by a reason of many', { reason: 'other-branch' }),
    list('by a reason of few', { reason: 'window-closed' }),
    list('by a reason that nobody has', { reason: 'tag-failed' }),
    list('by account, campaign and reason', { appId, campaign, reason: 'no-reply' }),
    list('by scene', { scene: 'shop-7' }),
    list('by pattern of scenes', { scene: 'shop-*' }),
    list('by a tag of many', { tag: '领过手册' }),
    list('by a tag of few', { tag: '贵宾' }),
    list('active by a tag of few', { status: 'active', tag: '贵宾' }),
    list('by the beginning of an id', { openId: 'oA' }),
    list('by an id that nobody has', { openId: 'zz' }),
    list('window closes in an hour', { closing: '1' }),
    list('window closes in a day', { closing: '24' }),
    {
      name: 'followers, count for a bulk change',
      path: `/followers/question?${new URLSearchParams({ status: 'active', campaign, bulk: 'pause', all: 'yes' })}`,
    },
    { name: 'one follower, active', path: followerPath(filled.active) },
    { name: 'one follower, ended', path: followerPath(filled.ended) },
  ]
}
