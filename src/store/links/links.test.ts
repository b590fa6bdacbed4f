import { expect, it } from 'vitest'
import { describeOnBothStores } from '../../../test/harness/stores.ts'
import { beginRun } from '../../run/run-events.ts'
import { inbox, links, runs } from '../schema.ts'
import {
  createLink,
  findLink,
  isLinkToken,
  LinkTargetError,
  linkTarget,
  recordClick,
  shortLinkUrl,
} from './links.ts'

const NOW = 1_800_000_000_000
const PLAN = { campaign: 'c', version: 1, steps: [], spacingMs: 0, windowMs: 1, exitKeywords: [] }

describeOnBothStores('short links', (store) => {
  const link = (name = 'guide', url = 'https://example.com/guide', runKey = 'run-1', stepId = 'gift') =>
    createLink(store().db, { runKey, stepId, name, url }, NOW)
  const addRun = async (runKey: string, listensTo?: string[]) => {
    const entry = {
      at: NOW,
      seq: 1,
      key: runKey,
      event: 'message' as const,
      qrScene: null,
      eventKey: null,
      text: null,
    }
    const state = beginRun(PLAN, entry, [])
    await store()
      .db.insert(runs)
      .values({
        runKey,
        ...{
          appId: 'wxA',
          openId: 'oOne',
          campaign: 'c',
          version: 1,
          status: 'active' as const,
          entry,
          state,
        },
        // The plan of a version that has conditions on links.
        plan: { exitKeywords: [], windowMs: 1, ...(listensTo ? { listensTo } : {}) } as never,
        ...{ revision: 0, startedAt: NOW, createdAt: NOW, updatedAt: NOW },
      })
  }
  const events = async () => (await store().db.select().from(inbox)).map((row) => row.event?.request)

  it('have tokens of 128 bits that say nothing', async () => {
    const tokens = [await link('a'), await link('b'), await link('a', undefined, 'run-2')]
    expect(new Set(tokens).size).toBe(3)
    for (const token of tokens) {
      expect(Buffer.from(token, 'base64url')).toHaveLength(16)
      expect(isLinkToken(token)).toBe(true)
    }
    expect(shortLinkUrl('https://n.example', 'T')).toBe('https://n.example/l/T')
  })

  it('are the same after a repeated attempt of the step, and lead to the newer URL', async () => {
    const token = await link()
    expect(await link('guide', 'https://example.com/newer')).toBe(token)
    expect(await findLink(store().db, token)).toBe('https://example.com/newer')
  })

  it.each([
    'javascript:alert(1)',
    '/relative',
    'ftp://example.com',
    '',
    'https://a:b@example.com/',
    'https://',
  ])('do not lead to %j', async (url) => {
    await expect(link('x', url)).rejects.toThrow(LinkTargetError)
    expect(await store().db.$count(links)).toBe(0)
  })

  it('lead to a URL in the form that a header can have', () => {
    expect(linkTarget('https://例子.cn/路径?q=好')).toBe(
      'https://xn--fsqu00a.cn/%E8%B7%AF%E5%BE%84?q=%E5%A5%BD',
    )
    expect(linkTarget('https://example.com/a\r\nset-cookie: x=1')).toBe(
      'https://example.com/aset-cookie:%20x=1',
    )
  })

  it('of an unknown token do not exist', async () => {
    for (const token of ['', 'x', 'A'.repeat(22), "' OR 1=1 --", 'A'.repeat(23)])
      expect(await findLink(store().db, token)).toBeNull()
    expect(await recordClick(store().db, 'A'.repeat(22), NOW)).toBe(false)
  })

  it('count each click, and the first tells a run that depends on links, once', async () => {
    await addRun('run-1', ['link'])
    const token = await link()
    expect(await recordClick(store().db, token, NOW + 1)).toBe(true)
    expect(await recordClick(store().db, token, NOW + 2)).toBe(false)
    expect(await store().db.select().from(links)).toMatchObject([{ clicks: 2, firstClickAt: NOW + 1 }])
    expect(await events()).toEqual([{ type: 'link', name: 'guide', runKey: 'run-1' }])
  })

  it('tell the run once when many click at the same moment', async () => {
    await addRun('run-1', ['link'])
    const token = await link()
    const told = await Promise.all(
      Array.from({ length: 20 }, (_, i) => recordClick(store().db, token, NOW + i)),
    )
    expect(told.filter(Boolean)).toHaveLength(1)
    expect(await store().db.select().from(links)).toMatchObject([{ clicks: 20 }])
    expect(await events()).toHaveLength(1)
  })

  it('tell no run that does not depend on links, or is gone', async () => {
    await addRun('run-1')
    await addRun('run-2', ['fact'])
    const clicked = [link(), link('guide', undefined, 'run-2'), link('guide', undefined, 'run-3')].map(
      async (token) => recordClick(store().db, await token, NOW),
    )
    expect(await Promise.all(clicked)).toEqual([false, false, false])
    expect(await events()).toEqual([])
  })
})
