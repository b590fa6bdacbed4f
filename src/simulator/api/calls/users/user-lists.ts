import { z } from 'zod'
import type { SimAccountState } from '../../../state/model.ts'
import { userInfo } from '../../../state/tags.ts'
import { type Answer, failed } from '../../fault-responses.ts'
import type { Router } from '../../router.ts'
import { done, withBody } from '../../with-body.ts'

const PAGE = 10_000
const BLACKLIST_PAGE = 1_000
const BATCH_MAX = 100
const BLACKLIST_BATCH_MAX = 20
/** 备注名: less than 30 bytes. */
const REMARK_MAX = 29

/**
 * 用户管理: lists of followers, remarks and the blacklist.
 * Sources: https://developers.weixin.qq.com/doc/offiaccount/User_Management/Getting_a_User_List.html ,
 * …/Get_users_basic_information_UnionID.html , …/Configuring_user_notes.html , …/User_Tag_Management.html ,
 * …/Manage_blacklist.html ; the page size of the blacklist: silenceper/wechat, officialaccount/user/blacklist.go
 */
export function registerUserLists({ route, wechat }: Router): void {
  route('GET', '/cgi-bin/user/get', ({ c, account }) => {
    const openIds = followersOf(account)
    return page(openIds, c.req.query('next_openid') ?? '', PAGE, { total: openIds.length })
  })
  route(
    'POST',
    '/cgi-bin/user/info/batchget',
    withBody(
      z.object({ user_list: z.array(z.object({ openid: z.string() })) }),
      ({ user_list }, { account }) => {
        if (user_list.length === 0 || user_list.length > BATCH_MAX) return failed(40032)
        const found = user_list.map(({ openid }) => account.followers.get(openid))
        const known = found.filter((f) => f !== undefined)
        return known.length === found.length ? { user_info_list: known.map(userInfo) } : failed(40003)
      },
    ),
  )
  route(
    'POST',
    '/cgi-bin/user/info/updateremark',
    withBody(z.object({ openid: z.string(), remark: z.string() }), ({ openid, remark }, { account }) => {
      const follower = account.followers.get(openid)
      if (!follower?.following) return failed(40003)
      // The code of a longer remark is inferred: the page gives the limit and no code.
      if (Buffer.byteLength(remark) > REMARK_MAX) return failed(40035)
      follower.remark = remark
      wechat.changed(account.appId, openid)
      return done()
    }),
  )
  route(
    'POST',
    '/cgi-bin/user/tag/get',
    withBody(z.object({ tagid: z.number(), next_openid: z.string().optional() }), (body, { account }) => {
      if (!account.tags.some((t) => t.id === body.tagid)) return failed(45159)
      const members = followersOf(account).filter((id) =>
        account.followers.get(id)?.tagIds.includes(body.tagid),
      )
      return page(members, body.next_openid ?? '', PAGE)
    }),
  )
  route(
    'POST',
    '/cgi-bin/tags/members/getblacklist',
    withBody(z.object({ begin_openid: z.string().optional() }), (body, { account }) => {
      const { blacklist } = account.records
      return page(blacklist, body.begin_openid ?? '', BLACKLIST_PAGE, { total: blacklist.length })
    }),
  )
  for (const name of ['batchblacklist', 'batchunblacklist'] as const) {
    route(
      'POST',
      `/cgi-bin/tags/members/${name}`,
      withBody(z.object({ openid_list: z.array(z.string()) }), ({ openid_list }, { account }) => {
        if (openid_list.length === 0 || openid_list.length > BLACKLIST_BATCH_MAX) return failed(40032)
        // 49003: the openid belongs to another account.
        if (openid_list.some((id) => !account.followers.has(id))) return failed(49003)
        const others = account.records.blacklist.filter((id) => !openid_list.includes(id))
        account.records.blacklist = name === 'batchblacklist' ? [...others, ...new Set(openid_list)] : others
        wechat.accountChanged(account.appId)
        return done()
      }),
    )
  }
}

function followersOf(account: SimAccountState): string[] {
  return [...account.followers.values()].filter((f) => f.following).map((f) => f.openId)
}

/** The page after the openid `after`. The last page is empty: it has no `data`, and `next_openid` is ''. */
function page(all: readonly string[], after: string, size: number, head: Answer = {}): Answer {
  const at = after === '' ? -1 : all.indexOf(after)
  if (after !== '' && at === -1) return failed(40003)
  const openid = all.slice(at + 1, at + 1 + size)
  const data = openid.length > 0 ? { data: { openid } } : {}
  return { ...head, count: openid.length, ...data, next_openid: openid.at(-1) ?? '' }
}
