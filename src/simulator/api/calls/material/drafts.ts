import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import type { StoredArticles } from '../../../state/records.ts'
import { type Answer, failed } from '../../fault-responses.ts'
import type { Router } from '../../router.ts'
import { done, numberOrDigits, withBody } from '../../with-body.ts'

const PAGE_MAX = 20
const ARTICLES_MAX = 8
const article = z.looseObject({ title: z.string().min(1), content: z.string().optional() })
const mediaId = z.object({ media_id: z.string() })
const articleId = z.object({ article_id: z.string() })
const list = z.object({
  offset: z.int().min(0),
  count: z.int().min(1).max(PAGE_MAX),
  no_content: z.union([z.literal(0), z.literal(1), z.boolean()]).optional(),
})

/**
 * 草稿箱 and 发布能力: adds, publishes and reads drafts. Every draft is published at once.
 * Sources: https://developers.weixin.qq.com/doc/offiaccount/Draft_Box/Add_draft.html , …/Get_draft.html ,
 * …/Delete_draft.html , …/Count_drafts.html , …/Get_draft_list.html ; …/Publish/Publish.html , …/Get_status.html ,
 * …/Get_article_from_id.html , …/Get_publication_records.html , …/Delete_posts.html .
 * `publish_id` is a string in the page's examples and a number in its event. It is a number here: silenceper/wechat reads
 * numbers only, and the other SDKs accept both.
 */
export function registerDrafts(router: Router): void {
  registerDraftBox(router)
  registerPublishing(router)
}

function registerDraftBox({ route, wechat }: Router): void {
  const nowS = () => Math.floor(wechat.now() / 1000)
  route(
    'POST',
    '/cgi-bin/draft/add',
    withBody(
      z.object({ articles: z.array(article).min(1).max(ARTICLES_MAX) }),
      ({ articles }, { account }) => {
        const id = `test_draft_${randomBytes(18).toString('base64url')}`
        account.records.drafts.push({ id, articles, at: nowS() })
        return { media_id: id, item: [] }
      },
    ),
  )
  route(
    'POST',
    '/cgi-bin/draft/get',
    withBody(mediaId, ({ media_id }, { account }) => {
      const found = account.records.drafts.find((d) => d.id === media_id)
      return found
        ? { news_item: found.articles, create_time: found.at, update_time: found.at }
        : failed(40007)
    }),
  )
  route(
    'POST',
    '/cgi-bin/draft/delete',
    withBody(mediaId, ({ media_id }, { account }) => {
      const rest = account.records.drafts.filter((d) => d.id !== media_id)
      if (rest.length === account.records.drafts.length) return failed(40007)
      account.records.drafts = rest
      return done()
    }),
  )
  route('GET', '/cgi-bin/draft/count', ({ account }) => ({ total_count: account.records.drafts.length }))
  route(
    'POST',
    '/cgi-bin/draft/batchget',
    withBody(list, (query, { account }) => articlePage(account.records.drafts, 'media_id', query), 40035),
  )
}

function registerPublishing({ route, wechat }: Router): void {
  route(
    'POST',
    '/cgi-bin/freepublish/submit',
    withBody(mediaId, ({ media_id }, { account }) => {
      const { records, appId } = account
      const draft = records.drafts.find((d) => d.id === media_id)
      // 53503: the draft has not passed the check before publishing. No page names a code for an unknown draft.
      if (!draft) return failed(53503)
      const publishId = 2_247_500_000 + records.published.length + 1
      const id = `test_article_${randomBytes(12).toString('base64url')}`
      const at = Math.floor(wechat.now() / 1000)
      records.drafts = records.drafts.filter((d) => d !== draft)
      records.published.push({ ...draft, id, publishId, at })
      setImmediate(() => void wechat.notify(appId, publishedEvent(publishId, id, draft.articles.length)))
      return { ...done(), publish_id: publishId, msg_data_id: publishId }
    }),
  )
  route(
    'POST',
    '/cgi-bin/freepublish/get',
    withBody(z.object({ publish_id: numberOrDigits }), ({ publish_id }, { account }) => {
      const found = account.records.published.find((p) => p.publishId === publish_id)
      if (!found) return failed(40007)
      const item = found.articles.map((_, i) => ({ idx: i + 1, article_url: articleUrl(found.id, i) }))
      return {
        publish_id,
        publish_status: 0,
        article_id: found.id,
        article_detail: { count: item.length, item },
        fail_idx: [],
      }
    }),
  )
  route(
    'POST',
    '/cgi-bin/freepublish/getarticle',
    withBody(articleId, ({ article_id }, { account }) => {
      const found = account.records.published.find((p) => p.id === article_id)
      // 53600: unknown article_id.
      return found ? { news_item: publishedArticles(found) } : failed(53600)
    }),
  )
  route(
    'POST',
    '/cgi-bin/freepublish/batchget',
    withBody(
      list,
      (query, { account }) => articlePage(account.records.published, 'article_id', query, publishedArticles),
      40035,
    ),
  )
  route(
    'POST',
    '/cgi-bin/freepublish/delete',
    withBody(articleId.extend({ index: z.int().min(0).optional() }), ({ article_id, index }, { account }) => {
      const found = account.records.published.find((p) => p.id === article_id)
      if (!found) return failed(53600)
      // Without an index, or with 0, all articles are deleted. The first article has the index 1.
      found.articles = index ? found.articles.filter((_, i) => i !== index - 1) : []
      if (found.articles.length === 0)
        account.records.published = account.records.published.filter((p) => p !== found)
      return done()
    }),
  )
}

/** One page of drafts or published articles, newest first. `no_content` 1: without the articles' `content`. */
function articlePage<T extends StoredArticles>(
  all: readonly T[],
  idName: 'media_id' | 'article_id',
  { offset, count, no_content }: z.output<typeof list>,
  read: (stored: T) => Record<string, unknown>[] = (stored) => stored.articles,
): Answer {
  const item = all
    .toReversed()
    .slice(offset, offset + count)
    .map((stored) => {
      const news_item = read(stored).map(({ content, ...rest }) =>
        no_content || content === undefined ? rest : { ...rest, content },
      )
      return {
        [idName]: stored.id,
        content: { news_item, create_time: stored.at, update_time: stored.at },
        update_time: stored.at,
      }
    })
  return { total_count: all.length, item_count: item.length, item }
}

function publishedArticles({ id, articles }: StoredArticles): Record<string, unknown>[] {
  return articles.map((a, i) => ({ ...a, url: articleUrl(id, i), is_deleted: false }))
}

function articleUrl(id: string, index: number): string {
  return `https://mp.weixin.qq.com/s/${id}?idx=${index + 1}`
}

/** Source: …/Publish/Callback_on_finish.html */
function publishedEvent(publishId: number, id: string, count: number) {
  const item = Array.from({ length: count }, (_, i) => ({ idx: i + 1, article_url: articleUrl(id, i) }))
  return {
    MsgType: 'event',
    Event: 'PUBLISHJOBFINISH',
    PublishEventInfo: {
      publish_id: publishId,
      publish_status: 0,
      article_id: id,
      article_detail: { count, item },
    },
  }
}
