import type { MessageTable } from '../../../shared/message-texts.ts'

/** Chinese texts of errors about campaigns, followers, media and endpoints. */
export const RESOURCE_TEXTS: MessageTable = {
  'The campaign cannot be published.': '活动还不能发布。',
  'The campaign cannot be previewed.': '活动还不能预演。',
  'The campaign cannot be played.': '活动还不能试算。',
  'The draft has errors.': '草稿里有错误。',
  'The draft cannot be saved.': '草稿没有保存。',
  'is larger than 256 KiB': '超过 256 KiB：拆成几个活动',
  'Send the file as application/yaml or application/json.': '活动文件要用 YAML 或 JSON 格式发送。',
  'An event has an invalid time.': '有个事件的时间不对。',
  '"{given}" is not a duration, like 40s': '「{given}」不是时长：写成 40s 这样',
  'Campaign {id} cannot be used ({why:text}). Publish its file again.':
    '活动 {id} 现在不能用（{why}）：重新发布一次。',
  'Version {n:num} of campaign {id} cannot be used ({why:text}).':
    '活动 {id} 的第 {n} 版不能用（{why}）：换一个版本。',
  'campaign {id} cannot be used: {why:text}': '活动 {id} 现在不能用（{why}）：重新发布一次',
  '{place:place}: {why:text}': '「{place}」{why}',
  'the campaign: {why:text}': '活动：{why}',
  'Campaign {id} cannot be used ({why}). Publish its file again.':
    '活动 {id} 现在不能用（{why}）：重新发布一次。',
  'Version {n:num} of campaign {id} cannot be used ({why}).':
    '活动 {id} 的第 {n} 版不能用（{why}）：换一个版本。',
  'Campaign {id} is retired. Restore it first: POST /api/campaigns/{path}/restore (CLI: campaign restore).':
    '活动 {id} 已下线：先重新上线。',
  'Campaign {id} is not retired.': '活动 {id} 没有下线。',
  'Campaign {id} is paused: nobody enters it.': '活动 {id} 已暂停，没有人能进入：先恢复。',
  'Campaign {id} is retired: nobody enters it.': '活动 {id} 已下线，没有人能进入：先重新上线。',
  'The campaign cannot be restored as it is. Publish a corrected file.':
    '活动不能按原样重新上线：改好后发布。',
  'The campaign serves every account already.': '活动已经用于全部公众号。',
  'the file has no accounts: every account has the campaign': '活动没有选公众号，已经用于全部公众号',
  'The accounts cannot be changed in this file. Edit the file and publish it.':
    '这个活动的公众号不能直接改：在编辑器里改好后发布。',
  'is not a plain list': '不是简单的列表',
  'The accounts cannot be changed.': '公众号没有改。',
  '{id} does not have the campaign': '{id} 没有用这个活动',
  '{id} is also in remove': '{id} 同时要去掉：只留一处',
  'no account would be left: retire the campaign instead': '一个公众号都不剩了：要停用就下线活动',
  'Some accounts cannot run the campaign. To publish it for them nevertheless, repeat the call with force: true (CLI: --force).':
    '有些公众号不能运行这个活动：先处理下面的原因，或仍然发布。',
  '{id}: {why:reasons}': '公众号 {id}：{why}',
  'Somebody else has changed {what:text}. {then:text}; {now:text}. Read it again, compare, and repeat the call with {header}.':
    '别人刚刚改了{what}。{then}，{now}：对照两边，再决定保留哪一份。',
  'the draft of campaign {id}': '活动 {id} 的草稿',
  'You expected none': '你打开时还没有',
  'You expected version {n:num}': '你打开的是第 {n} 版',
  'You expected revision {n:num}': '你打开的是第 {n} 次保存',
  'there is none now': '现在已经没有了',
  'the current one is version {n:num}': '现在是第 {n} 版',
  'the current one is version {n:num}, published {at:time}': '现在是第 {n} 版（{at} 发布）',
  'the current one is version {n:num}, published {at:time} by {name}':
    '现在是第 {n} 版（{name} 于 {at} 发布）',
  'the current one is version {n:num} by {name}': '现在是第 {n} 版（由 {name} 发布）',
  'the current one is revision {n:num}': '现在是第 {n} 次保存',
  'the current one is revision {n:num}, saved {at:time}': '现在是第 {n} 次保存（{at}）',
  'the current one is revision {n:num}, saved {at:time} by {name}': '现在是第 {n} 次保存（{name} 于 {at}）',
  'the current one is revision {n:num} by {name}': '现在是第 {n} 次保存（由 {name} 保存）',
  'The campaign does not serve this account.': '活动不用于这个公众号。',
  'campaign {id} has no account {account} in accounts': '活动 {id} 没有选公众号 {account}',
  'The period cannot be played.': '这段时间不能试算。',
  'needs the id of a campaign, not a file': '选版本时要写活动的标识，不能是文件',
  'The account has no recorded events in this period.': '公众号在这段时间没有记录到事件。',
  '{n:num} texts were not kept: each counts as a text that fits no keyword. keepTexts of the account keeps them.':
    '有 {n} 条粉丝文字没有保留，都当作不匹配关键词：要准确试算，在公众号设置里开启保留文字。',
  'There are more followers than limit: only the first, by their ids, were played.':
    '粉丝超过上限：只试算了前面一部分。',
  'There are too many events: only the first followers, by their ids, were played. Choose a shorter period.':
    '事件过多，只试算了前面一部分粉丝：选短一些的时间。',
  'It took too long: only the first followers, by their ids, were played. Choose a shorter period.':
    '用时过长，只试算了前面一部分粉丝：选短一些的时间。',
  'The client has closed the connection, so the dry run was stopped.': '连接断开，试算已停止。',
  'Another dry run works in this process. Repeat in some seconds.': '正在进行另一次试算：几秒后再试。',

  'This key belongs to another test.': '这个幂等键用于另一次试发。',
  'was used for another test within the last seven days: use a new key for a new test':
    '七天内用于另一次试发：换一个新的',
  'The process was lost during this test. Look at the phone, and repeat it with a new key if nothing came.':
    '试发时程序中断了：看看手机，没有收到就再试发一次。',
  'This test is being sent. Repeat the call for its result.': '正在试发：稍后查看结果。',
  'The account knows no such follower. Ask the tester to follow the account, or to send it any message, and take the openId from the list of followers.':
    '公众号没有这位粉丝：请测试者先关注公众号或发一条消息，再从粉丝列表选择。',
  'The test has {n:num} messages, and WeChat accepts {left:num} more of them now. Send single steps. {then:text}':
    '试发有 {n} 条消息，微信现在还能收 {left} 条：一次试发一步。{then}',
  'Ask the tester to send any message to the account, then repeat the test. 请测试者先给公众号发一条任意消息，再试发。':
    '请测试者先给公众号发一条消息，再试发。',
  'has no message: the steps with messages are {ids}': '没有消息：有消息的步骤是 {ids}',
  'the campaign sends no message': '活动没有消息',
  'such bulk job': '这个批量操作',
  'needs "campaign": versions are counted for each campaign': '要先选活动：版本号是每个活动分别计的',
  'needs "bulkJob"': '要先选批量操作',
  'The filters are invalid.': '筛选条件不对。',
  'selects {n:num} runs, of which one job takes at most {max:num}: add a filter':
    '选中了 {n} 次培育，一次最多处理 {max} 次：再加一个筛选条件',
  'There are too many followers.': '选中的粉丝太多。',
  'was used for another request: use a new key for a new request': '已用于另一个请求：新的请求要用新的键',
  'must have either filter or followers': '筛选条件和粉丝名单要给其中一个',
  'must be an openId, or its beginning: letters, digits, _ and -':
    '应是 openId 或它的开头：字母、数字、下划线和连字符',
  'There is nothing to send.': '没有可以试发的消息。',
  'The tester has unfollowed. Ask the tester to follow the account again.':
    '测试者已取消关注：请他重新关注。',
  'The tester has opted out of messages. Ask the tester to follow the account again, or use another tester.':
    '测试者已退订：请他重新关注，或换一位测试者。',
  'The messages that WeChat allows after the last message or tap of the tester are used up.':
    '测试者上次互动给的额度已用完。',
  'The tester has not written or tapped anything recently, so WeChat accepts no message.':
    '测试者最近没有互动，微信不接受消息。',

  'This key belongs to another request.': '这个幂等键用于另一个请求。',
  'was used for another request within the last seven days: use a new key for a new request':
    '七天内用于另一个请求：换一个新的',
  'The follower cannot enter.': '这位粉丝不能进入。',
  'campaign {id} cannot be used: publish it again': '活动 {id} 现在不能用：重新发布一次',
  'campaign {id} cannot be used: {why}': '活动 {id} 现在不能用（{why}）：重新发布一次',
  'campaign {id} does not serve {account}': '活动 {id} 不用于公众号 {account}',
  'The follower has too many facts.': '这位粉丝的事实过多。',
  'The follower has an active run, or another one is about to start.':
    '这位粉丝正在培育中，或即将开始另一次。',
  'The follower has unfollowed. WeChat delivers no message.': '这位粉丝已取消关注，收不到消息。',
  'The follower has opted out. Nothing starts before the next follow.':
    '这位粉丝已退订，重新关注后才能开始。',
  'The reentry of the campaign does not let this follower enter again now.':
    '按活动的「再次进入」设置，这位粉丝现在不能进入。',
  'The follower cannot enter ({why}).': '这位粉丝不能进入（{why}）。',
  'No human agent has a session with this follower.': '现在没有客服在接待这位粉丝。',
  'The run has ended.': '这次培育已经结束。',
  'The run has ended ({outcome:outcome}).': '这次培育已经结束（{outcome}）。',

  'The form has no file.': '还没有选文件。',
  'The type is unknown.': '不认识这种素材。',
  'must be image, voice, video or thumb': '选择图片、语音、视频或封面',
  'Send the medium as multipart/form-data, in the field "file".': '没有收到文件：重新上传。',
  'WeChat does not accept this medium.': '微信不接受这个素材。',
  'WeChat does not accept {type}': '微信不接受 {type}：换一种格式',
  'the file is not a PNG, JPEG, GIF, AMR, MP3 or MP4, the formats that WeChat accepts':
    '微信只接受 PNG、JPEG、GIF、AMR、MP3 和 MP4：换一种格式',
  '{kind:medium} must be {formats:or}, this file is {type}':
    '{kind}只能是 {formats}，这个文件是 {type}：换一种格式',
  '{kind:medium} may have at most {max}, this file has {size}':
    '{kind}最多 {max}，这个文件有 {size}：压缩后再上传',
  'a voice may last at most {n:num} s, this file lasts {seconds:num} s':
    '语音最长 {n} 秒，这段有 {seconds} 秒：剪短后再上传',

  'The hook has unknown accounts.': '有些公众号还没有添加。',
  'there is no account {id}': '没有公众号 {id}：先添加',
  'A valid {header} of a known hook is required, at most 5 minutes old.':
    '签名（{header}）无效或超过 5 分钟。',
  'Too many requests without a valid signature from this address. Try again in {n:num} s.':
    '没有有效签名的请求过多：{n} 秒后再试。',
  'must be a JSON object': '应是一个 JSON 对象',
  'must be a text of 1 to {n:num} characters': '应是 1 到 {n} 个字',
  'must be a text of 1 to {n:num} characters or a whole number': '应是 1 到 {n} 个字，或整数',
  'is not an account of this hook': '不是这个接收地址的公众号',
  'has no fact and no campaign: nothing would change': '没有事实也没有活动：什么都不会发生',
  'Webhooks cannot be sent to this URL.': '不能把通知发到这个网址。',
  'has more than {n:num} characters': '超过 {n} 个字：缩短一些',
  'is not a URL, like https://example.com/hook': '不是网址：写成 https://example.com/hook 这样',
  'must begin with https://': '要以 https:// 开头',
  'must begin with https://: set WEBHOOK_PRIVATE=on to allow it':
    '要以 https:// 开头（要允许 http，设置 WEBHOOK_PRIVATE=on）',
  'must not contain a user name or password: the signature authenticates the request':
    '网址里不能有用户名和密码：用签名验证请求',
  'must not contain a fragment (#…)': '网址里不能有 #',
  '{host} is not a public address: set WEBHOOK_PRIVATE=on to allow it':
    '{host} 不是公网地址：换一个，或设置 WEBHOOK_PRIVATE=on',
  '{host} is not a public address: set FORWARD_PRIVATE=on to allow it':
    '{host} 不是公网地址：换一个，或设置 FORWARD_PRIVATE=on',
  'Webhook {id} was delivered. Its content is not kept.': '通知 {id} 已经送达，内容没有保留。',
}

/** Chinese texts of errors about accounts: WeChat's answers, menus, QR codes, the opt-out. */
export const ACCOUNT_TEXTS: MessageTable = {
  'Account {id} is already registered.': '公众号 {id} 已经添加过了。',
  'Account {id} has 1 active run. To end it (outcome account-stopped), repeat with ?cancel=true (CLI: --cancel).':
    '公众号 {id} 还有 1 位粉丝在培育中：先结束培育，再移除。',
  'Account {id} has {n:num} active runs. To end them (outcome account-stopped), repeat with ?cancel=true (CLI: --cancel).':
    '公众号 {id} 还有 {n} 位粉丝在培育中：先结束培育，再移除。',
  'Events cannot be forwarded to this URL.': '不能把事件转发到这个网址。',
  'The opt-out cannot be used.': '退订设置还不能用。',
  'An authorised account uses the credentials of the third-party platform.':
    '已授权的公众号用第三方平台的凭证，不用填写',
  'Mode {mode:mode} needs the EncodingAESKey of the account.': '{mode}要填写 EncodingAESKey。',
  'WeChat did not accept this account (errcode {code}).': '微信没有通过这个公众号（错误码 {code}）。',

  'WeChat refuses calls from this server ({code:num}).': '微信拒绝这台服务器的调用（{code}）。',
  'Add {ip} to the IP whitelist of the account.': '在微信公众平台把 {ip} 加入 IP 白名单。',
  'WeChat knows the account.': '微信认得这个公众号。',
  'WeChat refuses the secret: {code:num} {why}': '微信不接受 AppSecret（{code} {why}）',
  'WeChat accepts the secret.': 'AppSecret 正确。',
  'WeChat accepts calls from this server.': '微信接受这台服务器的调用。',
  'Customer-service messages may be sent.': '可以发送客服消息。',
  'Customer-service messages may not be sent: {code:num} {why}': '不能发送客服消息（{code} {why}）',
  'The response is not from the WeChat API: {why}': '收到的回答不是微信的（{why}）',
  'Check that apiBase is the address of the WeChat API, and that no proxy answers in its place.':
    '检查接口地址（apiBase）是不是微信的，有没有代理代为回答。',
  'Check the internet connection of this server, and apiBase.': '检查服务器的网络和接口地址（apiBase）。',
  'The modes differ: the account is registered as {mode:mode}, but the last push of WeChat that was refused ({at:time}) was plain (明文模式).':
    '加解密方式不一致：这里是{mode}，微信最近一次推送（{at}，已拒绝）是明文模式。',
  'The modes differ: the account is registered as {mode:mode}, but the last push of WeChat that was refused ({at:time}) was encrypted (安全模式).':
    '加解密方式不一致：这里是{mode}，微信最近一次推送（{at}，已拒绝）是安全模式。',
  'Select {mode} at WeChat (消息加解密方式), or change the account: PATCH /api/accounts/{id} with {body}.':
    '在微信公众平台把消息加解密方式选为{mode}，或在这里改公众号的设置。',
  'WeChat has reached the callback.': '微信已经连上回调地址。',
  'WeChat has not reached the callback yet.': '微信还没有连上回调地址。',
  "Enter the callback address …/wechat/{id} in the account's settings at WeChat (消息与事件推送) and switch it on.":
    '在微信公众平台的「消息与事件推送」填写回调地址 …/wechat/{id}，并启用。',
  'This machine’s clock is {seconds:num} s behind WeChat’s ({n:num} callbacks).':
    '本机时钟比微信慢 {seconds} 秒（{n} 次回调）。',
  'This machine’s clock is {seconds:num} s ahead of WeChat’s ({n:num} callbacks).':
    '本机时钟比微信快 {seconds} 秒（{n} 次回调）。',
  'This machine’s clock is {seconds:num} s behind WeChat’s ({n:num} callbacks). {then:text}':
    '本机时钟比微信慢 {seconds} 秒（{n} 次回调）。{then}',
  'This machine’s clock is {seconds:num} s ahead of WeChat’s ({n:num} callbacks). {then:text}':
    '本机时钟比微信快 {seconds} 秒（{n} 次回调）。{then}',
  'Most callbacks are refused because of it.': '因此大部分回调被拒绝。',
  'The difference is not steady, so messages of the first minute may be lost.':
    '误差不稳定，第一分钟的消息可能发不出。',
  'Until it is fixed, new runs use WeChat’s clock.': '修好之前，新的培育按微信的时钟。',
  'Synchronise the clock of every machine of this deployment (NTP, for example chrony).':
    '给每台机器同步时钟（NTP，如 chrony）。',

  'The response of WeChat cannot be read: {why}. The change may have been made. It is safe to repeat the call. A proxy or a sign-in page may have answered in place of WeChat.':
    '微信的回答读不懂（{why}），可能是代理或登录页代为回答。改动也许已经生效：再试一次，重复没有影响。',
  'WeChat is not reachable: {why}': '连不上微信（{why}）',
  'WeChat is not reachable: {why}. Nothing was changed.': '连不上微信（{why}），没有任何改动：稍后再试。',
  'WeChat is not reachable: {why}. The change may have been made. It is safe to repeat the call.':
    '连不上微信（{why}），改动也许已经生效：再试一次，重复没有影响。',
  'WeChat refused the call (errcode {code:num}): no reason given.': '微信拒绝了（错误码 {code}）。',
  'WeChat refused the call (errcode {code:num}): {why}.': '微信拒绝了（错误码 {code}：{why}）。',
  'WeChat refused the call (errcode {code:num}): {why}. {remedy:text}':
    '微信拒绝了（错误码 {code}：{why}）。{remedy}',
  'This account has no permission for this interface: it must be certified, or be of another type.':
    '公众号没有这个接口的权限：要完成微信认证，或是另一种类型的公众号。',
  'The response of WeChat has no ticket.': '微信没有返回二维码：再试一次。',

  'A scan of this code would not enter campaign {id}.': '扫这个二维码不会进入活动 {id}。',
  'there is no campaign {id}': '没有活动 {id}',
  'it is retired': '活动已下线',
  'its accounts do not include {id}': '活动没有选公众号 {id}',
  'its entry is a {events:events}, not a QR code': '活动的入口是{events}，不是二维码',
  'its qrScenes are {scenes:list}, not {scene}': '活动的二维码来源是 {scenes}，不是 {scene}',
  'its entry does not match this scene': '活动的入口不包含这个二维码来源',

  'must be an object {button: [...]}': '菜单应是 {button: [...]}',
  'must be a list of buttons': '应是按钮的列表',
  'must be an object': '应是一个按钮',
  'must have 1 to {max:num} buttons, not {n:num}': '应有 1 到 {max} 个按钮，现在是 {n} 个',
  'must have {max:num} buttons at most, not {n:num}': '最多 {max} 个按钮，现在是 {n} 个',
  'does not go with sub_button': '有子菜单的按钮不能有这一项：删掉它',
  'a menu has two levels only': '菜单只有两级',
  'is missing (or sub_button)': '选一种动作，或添加子菜单',
  "{type} buttons can be created in WeChat's console only; use click, and a campaign that answers its key":
    '{type} 按钮只能在微信公众平台创建：改用点击（click），由活动回复',
  'must be one of {types:list}': '只能是 {types}',
  'must begin with http:// or https://': '要以 http:// 或 https:// 开头',
  'has {n:num} bytes, {max:num} at most (a Chinese character has 3)':
    '有 {n} 字节，最多 {max} 字节（一个汉字 3 字节）：缩短一些',
}
