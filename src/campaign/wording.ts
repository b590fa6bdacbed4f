import type { Issue } from './issue.ts'

/**
 * Words by which a message forces or rewards what followers do freely. A list of patterns finds only the plain cases, and a
 * warning never stops a publication: WeChat decides by the whole message.
 */

/** Rules of WeChat, with the page that has each. */
const RULES = {
  /** https://www.i0746.com/diannao-wangluo/202105/25/922708.html (copy of WeChat's notice of 2016-01-20), part 1, number 3 */
  interaction: 'forcing or rewarding interaction (滥用客服接口, WeChat 2016-01-20)',
  /** http://wxtt.com/archiver/tid-3267725.html (copy of 微信公众平台运营规范 3.3.1) */
  sharing: 'forcing or rewarding sharing (诱导分享, 微信公众平台运营规范 3.3.1)',
  /** http://wxtt.com/archiver/tid-3267725.html (copy of 微信公众平台运营规范 3.3.2) */
  following: 'forcing or rewarding follows (诱导关注, 微信公众平台运营规范 3.3.2)',
} as const

const REWARD = '(?:红包|现金|话费|好礼|豪礼|大礼|礼品|礼物|积分|会员|抽奖|奖品)'
const FRIENDS = '(?:\\s*[\\d一两二三四五六七八九十]+\\s*[位个名])?(?:好友|朋友|新人|新粉)'
const GET = '(?:领取?|送|得|抽|返|赢|免费|解锁|兑换)'

const PATTERNS: readonly (readonly [keyof typeof RULES, RegExp])[] = [
  ['interaction', /不(?:回复|回)就(?:收不到|停|不再|看不到|没有|无法|错过|取消|作废|失效)/],
  ['interaction', /不(?:回复|回)将(?:收不到|停|不再|无法|取消|作废|失效)/],
  ['interaction', /(?:必须|务必|一定要)先?(?:回复|互动|留言)/],
  ['interaction', /(?:回复|互动|留言)(?:后|之后|了|满\d+次)?(?:才能|才可以|才会|方可)/],
  ['interaction', /(?:否则|不然)(?:将|就|会)?(?:收不到|停止(?:发送|推送)|不再(?:发送|推送))/],
  ['interaction', new RegExp(`(?:每天|每日|天天|连续)(?:回复|互动).{0,8}${GET}${REWARD}`)],
  ['interaction', new RegExp(`(?:回复|留言|互动).{0,6}${GET}${REWARD}`)],
  ['interaction', /(?:打卡|签到).{0,8}(?:返现|返学费|全额返)/],
  ['sharing', /(?:转发|分享)(?:后|之后|了)?(?:才能|才可以|方可)/],
  ['sharing', /(?:转发|分享)(?:后|之后)?(?:即可|就能|就可|可以|可)?(?:领取|解锁|抽奖|领红包|领奖)/],
  ['sharing', new RegExp(`(?:转发|分享)(?:即|就|立)?${GET}${REWARD}`)],
  ['sharing', new RegExp(`(?:转发|分享)(?:到|至|给|本文到)?.{0,8}(?:朋友圈|好友|微信群|群聊).{0,12}${GET}`)],
  ['sharing', /(?:转发|分享)(?:有礼|有奖|抽奖|集赞)/],
  ['sharing', /不(?:转发|分享|转)就(?:不|没|收不到|无法|错过)/],
  ['sharing', /不转不是/],
  ['sharing', /(?:必转|转疯了|速转|求转发|求扩散|请好心人转发|转发后一生)/],
  ['sharing', /(?:朋友圈|转发|分享)[^，。！？]{0,8}截图|截图[^，。！？]{0,6}(?:朋友圈|转发|分享)/],
  ['sharing', /集(?:满|够|齐)?\s*\d+\s*个?赞|集(?:满|够|齐)赞|集赞[^，。！？]{0,8}(?:领|送|得|换|免|抽)/],
  ['sharing', /(?:点赞|赞)(?:满|够|达到?)\s*\d+/],
  ['sharing', /(?:帮我|帮忙|帮TA|替我|求)(?:点个?赞|砍价|砍一刀|助力|投票)/],
  ['sharing', /砍一刀|(?:好友|朋友)(?:帮|来)?砍价|砍价免费/],
  ['sharing', /(?:好友|朋友|邀请)助力[^，。！？]{0,8}(?:领|送|得|免|解锁)/],
  ['sharing', /(?:增加|多|再)(?:得)?(?:一|1)次抽奖机会/],
  ['following', new RegExp(`(?:邀请|拉|推荐)${FRIENDS}(?:来|一起)?关注`)],
  ['following', new RegExp(`(?:邀请|拉|推荐)${FRIENDS}.{0,8}${GET}`)],
  ['following', new RegExp(`关注(?:后|公众号|本号|我们)?(?:即|就|立|可)?${GET}.{0,4}${REWARD}`)],
  ['following', /关注(?:后|之后|公众号后|了)?(?:才能|才可以|方可)/],
  ['following', /关注(?:有礼|有奖|送礼|领奖)/],
  ['following', new RegExp(`新(?:人|粉|用户)?关注.{0,6}${GET}?${REWARD}`)],
  ['following', /取消关注[^，。！？]{0,8}(?:失效|作废|收回|无效|清零)/],
]

/**
 * Warnings for texts that may break these rules.
 * @param texts each with its path
 */
export function wordingWarnings(texts: readonly [path: string, text: string][]): Issue[] {
  return texts.flatMap(([path, text]): Issue[] => {
    for (const [rule, pattern] of PATTERNS) {
      const found = pattern.exec(text)
      if (!found) continue
      const message = `"${found[0]}" may count as ${RULES[rule]}`
      const hint = 'Say what the follower gets, without a condition or a reward'
      return [{ path, message, rule: 'wording', hint }]
    }
    return []
  })
}
