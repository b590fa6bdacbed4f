import type { SimAccountState, SimFollower, SimTag } from './model.ts'

type Body = Record<string, unknown>
type Answer = Body | { errcode: number }

const TAGS_MAX = 100
const NAME_MAX = 30
const OPENIDS_MAX = 50
const TAGS_OF_A_FOLLOWER_MAX = 20
/** WeChat reserves the lower ids. 2 is its star tag. */
const FIRST_ID = 100

const tagOf = (body: Body) => (typeof body.tag === 'object' && body.tag !== null ? (body.tag as Body) : {})

function checkName(account: SimAccountState, name: unknown, self?: SimTag): number {
  if (typeof name !== 'string' || name === '') return 45157
  if ([...name].length > NAME_MAX) return 45158
  return account.tags.some((t) => t.name === name && t !== self) ? 45157 : 0
}

/** `tags/create`. A refusal is a code without its message. */
export function createTag(account: SimAccountState, body: Body): Answer {
  const { name } = tagOf(body)
  const code = checkName(account, name)
  if (code !== 0) return { errcode: code }
  const own = account.tags.filter((t) => t.id >= FIRST_ID)
  if (own.length >= TAGS_MAX) return { errcode: 45056 }
  const tag = { id: Math.max(FIRST_ID - 1, ...own.map((t) => t.id)) + 1, name: String(name) }
  account.tags.push(tag)
  return { tag }
}

export function listTags(account: SimAccountState): Answer {
  const count = (id: number) => [...account.followers.values()].filter((f) => f.tagIds.includes(id)).length
  return { tags: account.tags.map((t) => ({ ...t, count: count(t.id) })) }
}

export function updateTag(account: SimAccountState, body: Body): Answer {
  const tag = findTag(account, tagOf(body).id)
  if ('errcode' in tag) return tag
  const { name } = tagOf(body)
  const code = checkName(account, name, tag)
  if (code === 0) tag.name = String(name)
  return { errcode: code }
}

/**
 * Takes the tag from its followers too. WeChat refuses to delete a tag of more than 100,000 followers (45057); the
 * simulator does not.
 */
export function deleteTag(account: SimAccountState, body: Body): Answer {
  const tag = findTag(account, tagOf(body).id)
  if ('errcode' in tag) return tag
  account.tags = account.tags.filter((t) => t !== tag)
  for (const f of account.followers.values()) f.tagIds = f.tagIds.filter((id) => id !== tag.id)
  return { errcode: 0 }
}

/** A tag that the account may change, or WeChat's code. */
function findTag(account: SimAccountState, id: unknown): SimTag | { errcode: number } {
  if (typeof id === 'number' && id < FIRST_ID) return { errcode: 45058 }
  return account.tags.find((t) => t.id === id) ?? { errcode: 45159 }
}

/** `batchtagging` and `batchuntagging`: change all of the followers or none. */
export function tagMembers(account: SimAccountState, body: Body, how: 'tag' | 'untag'): Answer {
  const { openid_list: openIds, tagid: id } = body
  if (!Array.isArray(openIds) || openIds.length === 0) return { errcode: 40035 }
  if (openIds.length > OPENIDS_MAX) return { errcode: 40032 }
  if (!account.tags.some((t) => t.id === id)) return { errcode: 45159 }
  const tagId = Number(id)
  const members: SimFollower[] = []
  for (const openId of openIds) {
    const member = account.followers.get(String(openId))
    if (!member?.following) return { errcode: 40003 }
    members.push(member)
  }
  const isFull = (f: SimFollower) => !f.tagIds.includes(tagId) && f.tagIds.length >= TAGS_OF_A_FOLLOWER_MAX
  if (how === 'tag' && members.some(isFull)) return { errcode: 45059 }
  for (const member of members) {
    const others = member.tagIds.filter((known) => known !== tagId)
    member.tagIds = how === 'tag' ? [...others, tagId] : others
  }
  return { errcode: 0 }
}

/**
 * `user/info`, in the order of WeChat's example. For somebody who does not follow, it has `subscribe: 0` and the openid only.
 * `qr_scene` is the number of a `scene_id`, `qr_scene_str` the text of a `scene_str`; the other one is 0 or empty. `groupid`
 * is the old grouping, 0 in the example beside tags. `language` is in the example and in every SDK, although the page says
 * that it is no longer returned.
 * Source: https://developers.weixin.qq.com/doc/service/api/usermanage/userinfo/api_userinfo
 */
export function userInfo(follower: SimFollower): Body {
  const { openId: openid, following, qrScene, qrSceneIsNumber, tagIds } = follower
  if (!following) return { subscribe: 0, openid }
  return {
    subscribe: 1,
    openid,
    language: 'zh_CN',
    subscribe_time: follower.subscribedAt,
    remark: follower.remark,
    groupid: 0,
    tagid_list: tagIds,
    subscribe_scene: qrScene ? 'ADD_SCENE_QR_CODE' : 'ADD_SCENE_SEARCH',
    qr_scene: qrSceneIsNumber ? Number(qrScene) : 0,
    qr_scene_str: qrSceneIsNumber ? '' : qrScene,
  }
}

/** For tests: the names of a follower's tags. */
export function tagNames(account: SimAccountState, follower: SimFollower): string[] {
  return follower.tagIds.flatMap((id) => account.tags.find((t) => t.id === id)?.name ?? [])
}

/** For tests: sets a follower's tags, as an owner does in WeChat's console. */
export function setTagNames(account: SimAccountState, follower: SimFollower, names: readonly string[]): void {
  for (const name of names) createTag(account, { tag: { name } })
  follower.tagIds = account.tags.filter((t) => names.includes(t.name)).map((t) => t.id)
}
