import { expect, it } from 'vitest'
import { describeOnBothStores } from '../../test/harness/stores.ts'
import { acceptCallback } from './inbox/inbox-rows.ts'
import { readFollower, saveFollower } from './runs/follower-rows.ts'
import { auditLog, inbox } from './schema.ts'
import { writeAudit } from './users/audit-log.ts'

const HALF = '\ud83d'
const NOW = 1_800_000_000_000

describeOnBothStores('a text with half a surrogate pair or a NUL', (store) => {
  it('is stored with U+FFFD instead, in jsonb and in text', async () => {
    const { db } = store()
    const target = `wx/${HALF}\0`
    await writeAudit(db, { actor: 'a', action: 'x', target, details: { reason: `bye ${HALF}` }, at: NOW })
    const [row] = await db.select().from(auditLog)
    expect(row).toMatchObject({ target: 'wx/\uFFFD\uFFFD', details: { reason: 'bye \uFFFD' } })
  })

  it('does not prevent a callback from being stored', async () => {
    const { db } = store()
    const event = {
      kind: 'text',
      scene: 'message' as const,
      text: `${HALF}你好\0😀`,
      qrScene: null,
      eventKey: null,
      start: null,
    }
    const row = {
      appId: 'wxA',
      openId: 'oOne',
      dedupeKey: 'k1',
      kind: 'text',
      createTime: NOW,
      receivedAt: NOW,
    }
    expect(await acceptCallback(db, { ...row, event, reply: null })).toMatchObject({ fresh: true })
    const [kept] = await db.select().from(inbox)
    expect(kept?.event?.text).toBe('\uFFFD你好\uFFFD😀')
  })

  it('is found by its original value', async () => {
    const { db } = store()
    const follower = { appId: 'wxA', openId: `o${HALF}` }
    await saveFollower(db, follower, { paused: true }, NOW)
    expect(await readFollower(db, follower)).toMatchObject({ openId: 'o\uFFFD', paused: true })
  })
})
