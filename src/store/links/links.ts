import { randomBytes } from 'node:crypto'
import { eq, sql } from 'drizzle-orm'
import type { Db } from '../db.ts'
import { acceptRequest } from '../inbox/accept-request.ts'
import { links, runs } from '../schema.ts'

const TOKEN_BYTES = 16
const TOKEN = /^[A-Za-z0-9_-]{22}$/
/** The largest URL that WeChat's browser opens reliably, and a bound for the column. */
const MAX_URL_CHARS = 2_048

/** A tracked link of a rendered message. */
export interface NewLink {
  runKey: string
  stepId: string
  /** The name in the campaign file. One step has each name once. */
  name: string
  /** Where it leads: an http or https URL. */
  url: string
}

/** A text that cannot be the target of a link. */
export class LinkTargetError extends Error {
  override name = 'LinkTargetError'
}

/** Whether a text has the form of a token. Other texts are not looked up in the store. */
export function isLinkToken(text: string): boolean {
  return TOKEN.test(text)
}

/** The address of a short link. It contains nothing of the follower. @param publicUrl without a trailing slash */
export function shortLinkUrl(publicUrl: string, token: string): string {
  return `${publicUrl}/l/${token}`
}

/**
 * Creates a short link, or returns the link that an earlier attempt of the same step has created; that link then leads to the
 * newer URL. Call it before the message is sent, also within a transaction.
 * @param now real time, epoch ms
 * @returns the token, for {@link shortLinkUrl}
 * @throws LinkTargetError unless `url` is an http or https URL
 */
export async function createLink(
  db: Pick<Db, 'insert'>,
  { runKey, stepId, name, url }: NewLink,
  now: number,
): Promise<string> {
  const target = linkTarget(url)
  if (target === null)
    throw new LinkTargetError(
      `The link "${name}" needs an http or https URL of at most ${MAX_URL_CHARS} characters.`,
    )
  const [row] = await db
    .insert(links)
    .values({
      token: randomBytes(TOKEN_BYTES).toString('base64url'),
      runKey,
      stepId,
      name,
      url: target,
      createdAt: now,
    })
    .onConflictDoUpdate({ target: [links.runKey, links.stepId, links.name], set: { url: target } })
    .returning({ token: links.token })
  if (!row) throw new Error('The insert of a link returned no row')
  return row.token
}

/** The URL in the form in which a header can have it; null when it is no http or https URL, or too long. */
export function linkTarget(url: string): string | null {
  if (url.length > MAX_URL_CHARS || !URL.canParse(url)) return null
  const parsed = new URL(url)
  // Credentials in a URL hide where it leads.
  const isAllowed = /^https?:$/.test(parsed.protocol) && parsed.username === '' && parsed.password === ''
  return isAllowed && parsed.href.length <= MAX_URL_CHARS * 3 ? parsed.href : null
}

/** Where a link leads; null for an unknown token. */
export async function findLink(db: Pick<Db, 'select'>, token: string): Promise<string | null> {
  if (!isLinkToken(token)) return null
  const [row] = await db.select({ url: links.url }).from(links).where(eq(links.token, token))
  return row?.url ?? null
}

/**
 * Counts a click. The first one of each link is noted in the run, and becomes an event of the follower if the run depends on links.
 * @param now real time, epoch ms
 * @returns whether an event was stored: wake the dispatcher
 */
export function recordClick(db: Db, token: string, now: number): Promise<boolean> {
  return db.transaction(async (tx) => {
    const [clicked] = await tx
      .update(links)
      .set({
        clicks: sql`${links.clicks} + 1`,
        firstClickAt: sql`COALESCE(${links.firstClickAt}, ${now}::bigint)`,
      })
      .where(eq(links.token, token))
      .returning({ runKey: links.runKey, stepId: links.stepId, name: links.name, clicks: links.clicks })
    if (!clicked || clicked.clicks > 1) return false
    const { runKey, name } = clicked
    const click = JSON.stringify([{ step: clicked.stepId, link: name, at: now }])
    const [run] = await tx
      .update(runs)
      .set({ clicks: sql`COALESCE(${runs.clicks}, '[]'::jsonb) || ${click}::jsonb` })
      .where(eq(runs.runKey, runKey))
      .returning({
        appId: runs.appId,
        openId: runs.openId,
        listens: sql<boolean | null>`${runs.plan}->'listensTo' @> '"link"'::jsonb`,
      })
    // A run that was anonymised has no follower any more, and no link either.
    if (!run?.listens) return false
    const follower = { appId: run.appId, openId: run.openId }
    await acceptRequest(
      tx,
      { follower, request: { type: 'link', name, runKey }, key: `${runKey}/${clicked.stepId}/${name}` },
      now,
    )
    return true
  })
}
