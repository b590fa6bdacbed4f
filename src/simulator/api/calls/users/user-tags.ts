import { createTag, deleteTag, listTags, tagMembers, updateTag, userInfo } from '../../../state/tags.ts'
import { type Answer, failed } from '../../fault-responses.ts'
import type { Router } from '../../router.ts'

/** Completes a code with WeChat's message. */
const withMessage = (answer: Answer) => (typeof answer.errcode === 'number' ? failed(answer.errcode) : answer)

/** 用户管理: the profile of a follower, and tags. */
export function registerUserTags({ route }: Router): void {
  route('GET', '/cgi-bin/user/info', ({ c, account }) => {
    const openId = c.req.query('openid')
    // 全局返回码: 41009 openid missing.
    if (!openId) return failed(41009)
    const follower = account.followers.get(openId)
    return follower ? userInfo(follower) : failed(40003)
  })
  route('POST', '/cgi-bin/tags/create', ({ account, body }) => withMessage(createTag(account, body)))
  route('GET', '/cgi-bin/tags/get', ({ account }) => withMessage(listTags(account)))
  route('POST', '/cgi-bin/tags/update', ({ account, body }) => withMessage(updateTag(account, body)))
  route('POST', '/cgi-bin/tags/delete', ({ account, body }) => withMessage(deleteTag(account, body)))
  for (const how of ['tag', 'untag'] as const) {
    route('POST', `/cgi-bin/tags/members/batch${how}ging`, ({ account, body }) =>
      withMessage(tagMembers(account, body, how)),
    )
  }
  route('POST', '/cgi-bin/tags/getidlist', ({ account, body }) => {
    const follower = account.followers.get(String(body.openid ?? ''))
    return follower ? { tagid_list: follower.tagIds } : failed(40003)
  })
}
