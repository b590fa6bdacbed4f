import type { MessageTable } from '../../shared/message-texts.ts'

/** Chinese texts of warnings: what WeChat allows, quiet hours, other campaigns, accounts, wording. */
export const WARNING_TEXTS: MessageTable = {
  'it will be skipped': '会跳过',
  'it will be held': '会暂缓',
  'will be skipped': '会跳过',
  'will be held': '会暂缓',
  nothing: '0 条',
  '{n:num} messages for {time:span}': '{time}内 {n} 条',
  'step {step} is due {after:span} after the {entry:event}, but under {rules} a {again:event} grants {opens:text}: unless the follower types a message before, {then:text}':
    '步骤 {step} 在{entry}后 {after}应发，但{entry}的额度是 {opens}：除非粉丝在此之前发来消息，否则{then}',
  'step {step} has no message left: under {rules} a typed message grants {n:num} messages, so {then:text} until the follower types again':
    '步骤 {step} 没有额度了：粉丝每发一条消息只给 {n} 条，{then}，等粉丝再发消息',
  'on the way {way} {n:num} messages follow one typed message, which opens {max:num}: step {step} {then:text} until the follower types again':
    '走「{way}」时，一条粉丝消息之后要发 {n} 条，额度只有 {max} 条：步骤 {step} {then}，等粉丝再发消息',
  'step {step} is due {after:span} after the last typed message, which opens messages for {time:span}: {then:text} until the follower types':
    '步骤 {step} 在粉丝最后一条消息后 {after}应发，额度只有 {time}：{then}，等粉丝再发消息',
  'step {step}, {after:span} after the tap: a tap opens {opens:text}, not 48 h; {then:text} until the follower types. Ask for a word instead':
    '步骤 {step} 在点击后 {after}应发：点击的额度是 {opens}，不是 48 小时，{then}，等粉丝发消息。改为让粉丝回复文字',
  'step {step}, {after:span} after the tap that decides {fork}: a tap opens {opens:text}, not 48 h; {then:text} until the follower types. Ask for a word instead':
    '步骤 {step} 在决定 {fork} 的点击后 {after}应发：点击的额度是 {opens}，不是 48 小时，{then}，等粉丝发消息。改为让粉丝回复文字',
  'a run begun by the API has no grant of its own: step {step} goes only if the follower typed within 48 h':
    '由接口开始的培育没有额度：粉丝 48 小时内发过消息，步骤 {step} 才发得出',
  'a run begun by {entry:event} has no grant of its own: step {step} goes only if the follower typed within 48 h':
    '由{entry}开始的培育没有额度：粉丝 48 小时内发过消息，步骤 {step} 才发得出',
  '{fork} may be open until {at:span} after the last interaction; the window closes at {window:span}: else is not reached then':
    '{fork} 可能等到最后一次互动后 {at}，互动窗口 {window}就关闭：走不到「没有回复」',
  'step {step} goes {after:span} after the {entry:event} and {fork} waits only then: an answer to the reply typed before does not count. Put {again} into meanwhile':
    '步骤 {step} 在{entry}后 {after}才发，{fork} 那时才开始等：在此之前的回答不算。把 {again} 放到等待期间（meanwhile）',

  'step {step}: for entries {hours:hours} it falls into quiet hours ({quiet:quiet}); {goes:text}':
    '步骤 {step}：{hours}进入的粉丝，发送时间落在静默时段（{quiet}），{goes}',
  'it goes at their end': '会顺延到静默时段结束',
  'it goes just before they begin, because its grant ends before their end':
    '额度会先到期，会提前到静默时段开始前',
  'it goes at their end, and for entries {hours:hours}, whose grant ends before, just before they begin':
    '会顺延到静默时段结束；{hours}进入的额度会先到期，提前到静默时段开始前',

  'step {step}: for entries on {days:weekdays} its day comes after the window ends, and it is not sent':
    '步骤 {step}：{days}进入的粉丝，要等的日子在互动窗口关闭之后，发不出',

  'contains {word} also fits {others:and}: use match: exact':
    '包含「{word}」也会匹配 {others}：匹配方式改为全匹配（exact）',
  'PUBLIC_URL is not set: links stay as they are and clicks are not counted':
    '没有设置 PUBLIC_URL：链接保持原样，不统计点击',
  "WeChat tells nobody of tags given in its console: only this product's count here":
    '在微信后台打的标签，微信不会通知：这里只算本产品打的标签',
  'no step sets {name}: it must come by the API': '没有步骤写入事实 {name}：要由接口写入',
  'no message of a step has the link {name}: it is never opened': '步骤的消息里没有链接 {name}：不会有人打开',
  'there is no campaign {name}: nobody has entered it': '没有活动 {name}：没有人进入过',
  '{word} also begins campaign {campaign} on this account; while a follower is in a run it is only an answer':
    '「{word}」也是活动 {campaign} 的入口：粉丝在培育中时，只当作回答',
  '{word} is also an answer that campaign {campaign} waits for on this account; while a follower is in that run it begins nothing':
    '「{word}」也是活动 {campaign} 等待的回答：粉丝在那个活动里时，不会进入本活动',
  '{word} begins campaign {campaign} too on this account: only {first} starts, by priority and id':
    '「{word}」也是活动 {campaign} 的入口：按优先级和标识，只有 {first} 会开始',
  'never begins by {event:event}: campaign {campaign} goes first, and every {again:event} begins it':
    '不会因{event}而开始：活动 {campaign} 优先，每次{event}都进入它',
  '{campaign} waits for any message: its followers get this answer too':
    '活动 {campaign} 在等任意消息，它的粉丝也会收到这条回复',

  'account {account} is not registered yet: add the account': '公众号 {account} 还没有添加：先添加公众号',
  'account {account} has no variable {name}: the step is skipped there':
    '公众号 {account} 没有变量 {name}：这一步在那里会跳过',
  'account {account} ({title}) has no variable {name}: the step is skipped there':
    '公众号「{title}」没有变量 {name}：这一步在那里会跳过',
  'account {account} has no variable {name}: the reply is omitted there':
    '公众号 {account} 没有变量 {name}：在那里不会回复',
  'account {account} ({title}) has no variable {name}: the reply is omitted there':
    '公众号「{title}」没有变量 {name}：在那里不会回复',
  'and {n:num} more accounts have no variable {name}': '还有 {n} 个公众号没有变量 {name}',
  'account {account} has no human agents switched on': '公众号 {account} 没有开启人工接待',
  'and {n:num} more accounts have no human agents switched on': '还有 {n} 个公众号没有开启人工接待',
  'a media_id belongs to one account, and this campaign serves several: use file, or name one account in accounts':
    '微信素材 ID 只属于一个公众号，这个活动用于几个公众号：改用上传的素材（file），或只选一个公众号',
  'the new body needs a medium, which runs in flight do not prepare: they send the earlier body':
    '新内容要用素材，培育中的粉丝没有准备：他们收到原来的内容',
  'the new body needs {what}, which runs in flight do not prepare: they send the earlier body':
    '新内容要用 {what}，培育中的粉丝没有准备：他们收到原来的内容',

  '"{words}" may count as forcing or rewarding interaction (滥用客服接口, WeChat 2016-01-20)':
    '「{words}」可能被认定为强制或奖励互动（滥用客服接口，微信 2016-01-20 公告）',
  '"{words}" may count as forcing or rewarding sharing (诱导分享, 微信公众平台运营规范 3.3.1)':
    '「{words}」可能被认定为诱导分享（微信公众平台运营规范 3.3.1）',
  '"{words}" may count as forcing or rewarding follows (诱导关注, 微信公众平台运营规范 3.3.2)':
    '「{words}」可能被认定为诱导关注（微信公众平台运营规范 3.3.2）',
}

/** Chinese texts of the reasons why an account cannot run a campaign (`account-eligibility.ts`). */
export const ELIGIBILITY_TEXTS: MessageTable = {
  'account {account} ({title}) cannot run it: {why:reasons}': '公众号「{title}」不能运行这个活动：{why}',
  'and {n:num} more accounts cannot run it: GET /api/campaigns/{id}/accounts':
    '还有 {n} 个公众号不能运行这个活动',
  'it is not registered yet: add the account': '还没有添加，先添加公众号',
  'its owner has not granted the permission set for messages (消息管理): let the owner authorise again with it':
    '管理员没有授予消息管理权限，请管理员勾选后重新授权',
  'it is not certified (认证), and WeChat lets only certified accounts send: have it certified, then authorise or verify it again':
    '没有完成微信认证，不能发客服消息，认证后重新授权或重新验证',
  'WeChat has refused {kind:kind} messages of this account (45050 or 48008): use another kind, or get the permission and verify the account again':
    '微信拒绝过这个公众号的{kind}消息（45050 或 48008），换一种消息，或取得权限后重新验证',
  'it needs authorisation: let its owner authorise again': '需要重新授权，请管理员重新授权',
  'it needs authorisation ({why}): let its owner authorise again': '需要重新授权（{why}），请管理员重新授权',
  'it is blocked: fix the cause at WeChat, then resume the account': '已被微信封禁，在微信处理后恢复公众号',
  'it is blocked ({why}): fix the cause at WeChat, then resume the account':
    '已被微信封禁（{why}），在微信处理后恢复公众号',
  'it is paused: resume the account': '已暂停，恢复公众号',
  'it is paused (paused by operator): resume the account': '已由运营暂停，恢复公众号',
  'it is paused ({why}): resume the account': '已暂停（{why}），恢复公众号',
}

/** Chinese texts of hints that have none of their own. */
export const HINT_TEXTS: MessageTable = {
  'Remove end from the branch whose followers should come here, or remove what stands below':
    '让一个分支不结束（删掉它的 end），或删掉下面的内容',
  'Let it count from something that happens on its way, and be due before its wait and the window end, or remove it':
    '从这条路上会发生的事算起，时间在等待结束、互动窗口关闭之前；用不到就删掉',
  'Write a fork with when, and a step for each value': '用按条件（when）的分叉，每个值放一个步骤',
  'Use match: exact for it': '把匹配方式改为全匹配（exact）',
  'Set PUBLIC_URL to the address of this product': '把 PUBLIC_URL 设为本产品的网址',
  'Give the tag with a step or by the API': '用步骤或接口打标签',
  'Set it by the API': '用接口写入',
  "Write {{ 'https://…' | track: '{name}' }} into a message":
    "在消息里写 {{ 'https://…' | track: '{name}' }}",
  'Put {step} into meanwhile of {fork}': '把 {step} 放到 {fork} 的等待期间（meanwhile）',
  'Choose another word for one of them, if followers may mean the other': '如果粉丝会弄混，给其中一个换个词',
  'Choose another word for one of them': '给其中一个换个词',
  'Give this campaign a higher priority than {n:num}': '把本活动的优先级设得比 {n} 高',
  'Wait for words there, or answer words here': '在那里等关键词，或在这里只回复关键词',
  'Let the follower type first, or choose an earlier time': '先让粉丝发消息，或把时间提前',
  'Ask for an answer in between': '中间加一个问题，让粉丝回复',
  'Ask a question before: its answer opens the window again':
    '在那之前提一个问题：粉丝一回答，窗口就重新打开',
  'Write the id of a campaign: {ids:list}': '写活动的标识：{ids}',
  'Give it at, or anytime: true': '给它定一个时刻（at），或设为不受静默时段限制（anytime）',
  'If agents answer there: nurture account change APPID --human-agents':
    '如果有客服在接待，在公众号设置里开启人工接待',
  'Ask for a word instead': '改为让粉丝回复文字',
  'Begin with a wait for a word': '先等粉丝回复一个词',
  'Let the follower type first': '先让粉丝发消息',
  'Let the follower type first, with a fork': '用分叉先让粉丝发消息',
  'Make wait shorter': '缩短等待时长',
  'Say what the follower gets, without a condition or a reward': '直接说粉丝能得到什么，不设条件、不给奖励',
}
