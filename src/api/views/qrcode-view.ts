import { countEntries, listQrcodes, type QrcodeRow, sceneKey } from '../../store/accounts/qrcode-store.ts'
import type { Db } from '../../store/db.ts'
import { cursor, toPage } from '../routes/route-helpers.ts'

/** WeChat's page with the image of a code. It needs no token. */
const QR_IMAGE_URL = 'https://mp.weixin.qq.com/cgi-bin/showqrcode'

/** A QR code for API and console. */
export function qrcodeView(row: QrcodeRow) {
  return {
    id: row.id,
    appId: row.appId,
    qrScene: row.scene,
    campaign: row.campaign,
    ticket: row.ticket,
    url: row.url,
    imageUrl: `${QR_IMAGE_URL}?ticket=${encodeURIComponent(row.ticket)}`,
    expiresAt: row.expiresAt === null ? null : new Date(row.expiresAt).toISOString(),
    createdAt: new Date(row.createdAt).toISOString(),
    createdBy: row.createdBy,
  }
}

/** One page of the QR codes, newest first, with the entries that each has brought. */
export async function qrcodePage(
  db: Db,
  { appId, from, limit }: { appId?: string | undefined; from: string | undefined; limit: number },
) {
  const found = await listQrcodes(db, { appId, before: cursor.readNumber(from), limit: limit + 1 })
  const { items, next } = toPage(found, limit, (row) => String(row.id))
  return { items: await withEntries(db, items), next }
}

/** QR codes with the number of runs in the store that began with them. */
export async function withEntries(db: Db, rows: readonly QrcodeRow[]) {
  const entries = await countEntries(db, rows)
  return rows.map((row) => ({ ...qrcodeView(row), entries: entries.get(sceneKey(row)) ?? 0 }))
}

export type QrcodeView = Awaited<ReturnType<typeof withEntries>>[number]
