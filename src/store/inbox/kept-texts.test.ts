import { eq } from 'drizzle-orm'
import { expect, it } from 'vitest'
import { describeOnBothStores } from '../../../test/harness/stores.ts'
import { DAY_MS } from '../../shared/time-units.ts'
import { accounts, inbox } from '../schema.ts'
import { acceptCallback, markDispatched, purgeInbox } from './inbox-rows.ts'
import { purgeKeptTexts } from './kept-texts.ts'

const NOW = 1_800_000_000_000
const ACCOUNT = {
  name: 'shop',
  mode: 'plain' as const,
  appSecretSealed: '',
  tokenSealed: '',
  stateSince: NOW,
  createdAt: NOW,
  updatedAt: NOW,
}

describeOnBothStores('texts that an account keeps', (store) => {
  const keeps = (appId: string, keepTexts: number | null) =>
    store()
      .db.insert(accounts)
      .values({ ...ACCOUNT, appId, keepTexts })
      .onConflictDoUpdate({ target: accounts.appId, set: { keepTexts } })
  const said = async (appId: string, text: string, receivedAt: number) => {
    const event = {
      kind: 'text',
      scene: 'message' as const,
      text,
      qrScene: null,
      eventKey: null,
      start: null,
    }
    const row = { appId, openId: 'oOne', dedupeKey: `${appId} ${text}`, kind: 'text', event, reply: null }
    const accepted = await acceptCallback(store().db, { ...row, receivedAt, createTime: receivedAt })
    if (accepted.fresh) await markDispatched(store().db, accepted.id, 'no-run', receivedAt)
  }
  const texts = async () =>
    (await store().db.select().from(inbox).orderBy(inbox.id)).map(({ keptText }) => keptText)
  const purgeRows = () => purgeInbox(store().db, { before: NOW + 1, after: null, limit: 100 })
  const purgeTexts = (now: number, maxDays = 30, limit = 10) =>
    purgeKeptTexts(store().db, { now, maxDays, limit })

  it('keeps the text of its events only', async () => {
    await keeps('wxA', 3)
    await keeps('wxB', null)
    await said('wxA', 'a', NOW)
    await said('wxB', 'b', NOW)
    await said('wxC', 'c', NOW)
    expect(await texts()).toEqual(['a', null, null])
    const [row] = await store().db.select().from(inbox)
    expect(row?.event).toEqual({ scene: 'message' })
  })

  it('deletes each text after the days of its account, and no later than all personal data', async () => {
    await keeps('wxA', 3)
    await keeps('wxB', 60)
    for (const appId of ['wxA', 'wxB'])
      for (const day of [0, 1]) await said(appId, `${day}`, NOW + day * DAY_MS)
    expect(await purgeTexts(NOW + 3 * DAY_MS)).toBe(0)
    expect(await purgeTexts(NOW + 3 * DAY_MS + 1)).toBe(1)
    expect(await texts()).toEqual([null, '1', '0', '1'])
    expect(await purgeTexts(NOW + 30 * DAY_MS + 1, 30, 1)).toBe(1)
    expect(await purgeTexts(NOW + 30 * DAY_MS + 1, 30, 10)).toBe(1)
    expect(await texts()).toEqual([null, null, null, '1'])
  })

  it('deletes the texts of an account that keeps none any more, or was removed', async () => {
    for (const appId of ['wxA', 'wxB', 'wxC']) await keeps(appId, 30)
    for (const appId of ['wxA', 'wxB', 'wxC']) await said(appId, appId, NOW)
    await keeps('wxA', null)
    await store().db.delete(accounts).where(eq(accounts.appId, 'wxB'))
    expect(await purgeTexts(NOW + 1)).toBe(2)
    expect(await texts()).toEqual([null, null, 'wxC'])
  })

  it('keeps a row as long as its text', async () => {
    await keeps('wxA', 30)
    await said('wxA', 'a', NOW)
    await said('wxC', 'c', NOW)
    expect(await purgeRows()).toEqual({ changed: 1, next: null })
    expect(await texts()).toEqual(['a'])
    await purgeTexts(NOW + 30 * DAY_MS + 1)
    expect(await purgeRows()).toEqual({ changed: 1, next: null })
  })
})
