import type { MessageTable } from '../../../shared/message-texts.ts'

/** Chinese texts of errors of any request: its fields by their schemas, its body, its texts, sign-in, limits. */

/** The messages of zod (`zod/v4/locales/en`) and of the schemas in `src/api`. */
export const SCHEMA_TEXTS: MessageTable = {
  'Invalid input: expected {type}, received undefined': '必填，还没有填写',
  'Invalid input: expected {type:type}, received {given}': '应是{type}',
  'Invalid input: expected {value:literal}': '只能是 {value}',
  'Invalid option: expected one of {values:options}': '只能是 {values}',
  'Too small: expected string to have >=1 characters': '必填，还没有填写',
  'Too small: expected string to have >={n:num} characters': '至少 {n} 个字',
  'Too big: expected string to have <={n:num} characters': '最多 {n} 个字',
  'Too small: expected array to have >={n:num} items': '至少 {n} 项',
  'Too big: expected array to have <={n:num} items': '最多 {n} 项',
  'Too small: expected {type:type} to be >={n:num}': '不能小于 {n}',
  'Too small: expected {type:type} to be >{n:num}': '要大于 {n}',
  'Too big: expected {type:type} to be <={n:num}': '不能大于 {n}',
  'Too big: expected {type:type} to be <{n:num}': '要小于 {n}',
  'Invalid string: must match pattern {pattern}': '格式不对',
  'Invalid ISO date': '应是日期，如 2026-11-30',
  'Invalid ISO datetime': '应是带时区的时间，如 2026-11-30T00:00:00+08:00',
  'Invalid URL': '应是网址，如 https://example.com',
  'Invalid key in record': '名称不对',
  'Invalid value in record': '值不对',

  'must be a whole number in decimal digits': '应是整数，只写数字',
  'must be a version, draft or live': '应是版本号、draft 或 live',
  'is required in this mode': '这种模式下必填',
  'is not a time zone, like Asia/Shanghai': '不是时区：如 Asia/Shanghai',
  'must be 43 letters and digits': '应是 43 个字母和数字：从微信公众平台复制',
  'must be 3 to 32 letters, digits, _ or -': '应是 3 到 32 个字母、数字、下划线或连字符',
  'must be 4 to 64 letters and digits, like wx0123456789abcdef':
    '应是 4 到 64 个字母和数字，如 wx0123456789abcdef：从微信公众平台复制',
  '{n:num} variables: an account has at most {max:num}': '有 {n} 个变量：一个公众号最多 {max} 个',
  'a name has up to 32 letters, digits and _, begins with a letter, and is not name or appId':
    '变量名以字母开头，只能有字母、数字和下划线，最多 32 个，不能是 name 或 appId',
  'must be a duration of 1m to 30d, like 24h': '应是 1 分钟到 30 天的时长，如 24h',
  'must be a time like 22:00': '写成 22:00 这样的时刻',
  'must be a duration from 1s to 30d; without it, the code is permanent':
    '应是 1 秒到 30 天的时长；不填则永久有效',
  'must be a duration, like 90d': '应是时长，如 90d',
  'must be a day, like 2026-11-30': '应是日期，如 2026-11-30',
  'must not be before from': '不能早于开始日期',
  'must be a time with a zone, like 2026-11-30T00:00:00+08:00':
    '应是带时区的时间，如 2026-11-30T00:00:00+08:00',
  'must be later than from': '要晚于开始时间',
  'must be at most 7 days after from': '最多比开始时间晚 7 天',
  'must be within the last 7 days: older events are deleted': '只能是最近 7 天：更早的事件已经删除',
  'is in the future': '还没有到这个时间',
  'must be the id of a webhook': '应是通知的编号',
  'a name begins with a letter or digit and has letters, digits, ., _ and -, at most 64':
    '名称以字母或数字开头，只能有字母、数字、点、下划线和连字符，最多 64 个',
  'must be names separated by dots, like order.buyer.openid': '写成用点隔开的字段名，如 order.buyer.openid',
  'is needed to distinguish several accounts': '有几个公众号时必填，用来区分',
  'the hook has a fixed campaign: give one of the two': '已经选了固定的活动：两处只填一处',
  'add or remove needs at least one tag': '至少填一个要打上或去掉的标签',
  'must be 1 to 128 printable ASCII characters without spaces':
    '应是 1 到 128 个字母、数字或符号，不能有空格',
  'a number must be finite': '应是有限的数字',
  'a text has at most {n:num} characters': '文字最多 {n} 个字',
  'a fact is a text, a number, true or false': '事实是文字、数字、true 或 false',
  'facts are an object of names and values': '事实应是一组名称和值',
  'a follower has at most {n:num} facts': '一位粉丝最多 {n} 个事实',
  'is not base64': '不是 base64',
  'is not an object': '应是一组字段',
  'at most {n:num} fields': '最多 {n} 个字段',
  'at most {n:num} payloads in one request': '一次最多 {n} 个',
  'must be an address like https://example.com': '写成 https://example.com 这样的网址',
  'must have no user name and password in it': '网址里不能有用户名和密码',
  'must have a port from 1 to 65535': '端口应在 1 到 65535 之间',
  'must have no # in it': '网址里不能有 #',
  'must have no ? in it': '网址里不能有 ?',
  'is not from this list: use "next" of the previous page, or omit it': '翻页的位置已失效：从第一页重新打开',
  'must be *': '只能是 *',
  'give either if-match or if-none-match': 'If-Match 和 If-None-Match 只写一个',
  'must be one number, like "3"': '应是一个数字，如 "3"',
}

/** The body and the texts of a request, and who may send it. */
export const REQUEST_TEXTS: MessageTable = {
  'The request has invalid fields.': '有些内容填得不对。',
  'The request has invalid query parameters.': '网址里的参数不对。',
  'The request is contradictory.': '填写的内容互相矛盾。',
  'A header is invalid.': '请求头不对。',
  'The cursor is invalid.': '翻页的位置已失效。',
  'Unsupported Media Type': '不支持这种格式。',
  'The request was refused.': '请求没有被接受。',
  'The body cannot be parsed.': '内容读不懂。',
  'The body {why:text}': '内容{why}',
  'The body is not valid JSON.': '内容不是有效的 JSON。',
  'The body is not valid JSON: it is empty.': '内容不是有效的 JSON：是空的。',
  'The body is not valid JSON: it ends after character {n:num}, before the value is complete.':
    '内容不是有效的 JSON：在第 {n} 个字后就结束了，没有写完整。',
  'The body is not valid JSON: it has an error at character {n:num}.':
    '内容不是有效的 JSON：第 {n} 个字处有错。',
  'The body is not valid multipart/form-data.': '表单内容不完整：重新上传。',
  'The body is not a Payloads message in JSON.': '内容不是 Payloads 的 JSON。',
  'The body is incomplete: the connection was closed before its end.': '内容没有传完，连接就断了：再试一次。',
  'The body did not arrive completely within {n:num} s. Send it again over a faster connection.':
    '内容没有在 {n} 秒内传完：换一个快一些的网络再试。',
  'The server is busy: its current requests use all memory for bodies. Nothing was changed. Try again in {n:num} s.':
    '服务器正忙，没有任何改动：{n} 秒后再试。',
  'The body is nested more than {n:num} levels deep.': '内容嵌套超过 {n} 层。',
  'The body has more than {n:num} values. Send fewer.': '内容超过 {n} 个值：分几次发送。',
  'The body is larger than {n:num} MiB.': '内容超过 {n} MiB：缩小一些。',
  'The body is larger than {n:num} KiB.': '内容超过 {n} KiB：缩小一些。',
  'The campaign file is larger than 1 MiB.': '活动文件超过 1 MiB：拆成几个活动。',
  'The medium is larger than 10 MiB.': '素材超过 10 MiB：缩小一些。',
  'The request is larger than 16 MiB.': '请求超过 16 MiB。',
  'The form is larger than {n:num} KiB.': '表单内容超过 {n} KiB：缩短一些。',
  'The form is larger than {n:num} MiB.': '表单内容超过 {n} MiB：缩小一些。',
  'The decoded payloads are larger than {n:num} MiB. Request fewer at a time.':
    '解密后的内容超过 {n} MiB：一次少查看一些。',
  'The URL contains a NUL character or half of a surrogate pair.': '网址里有不完整的字符。',
  'The form contains a NUL character or half of a surrogate pair.':
    '表单里有不完整的字符（如半个表情）：改成完整的字符。',
  'The form cannot be read.': '表单读不懂：重新打开页面再试。',
  'Send the fields as a form.': '没有收到表单：重新打开页面再试。',
  'contains a NUL character or half of a surrogate pair (half an emoji): send the complete text':
    '含有不完整的字符（如半个表情）：改成完整的字符',
  'contains a NUL character or half of a surrogate pair: send the complete text':
    '含有不完整的字符（如半个表情）：改成完整的字符',
  'contains a NUL character': '含有 NUL 字符：删掉它',
  'The request has a text that cannot be stored.': '有些文字不能保存。',
  'The request has a field whose name is reserved.': '有个字段的名称不能使用。',
  'The request has a text or number that cannot be stored.': '有些文字或数字不能保存。',
  'is not UTF-8 text. Save it as UTF-8 (in Notepad: Save as, Encoding, UTF-8) 请用 UTF-8 编码保存（记事本：另存为 → 编码 → UTF-8）':
    '不是 UTF-8 编码：用 UTF-8 编码另存（记事本：另存为 → 编码 → UTF-8）',
  'is not UTF-8: it looks like {encoding}. Save it as UTF-8 (in Notepad: Save as, Encoding, UTF-8) 请用 UTF-8 编码保存（记事本：另存为 → 编码 → UTF-8）':
    '不是 UTF-8 编码，像是 {encoding}：用 UTF-8 编码另存（记事本：另存为 → 编码 → UTF-8）',
  'is not UTF-8: it looks like {encoding}; in that encoding it reads: {line}. Save it as UTF-8 (in Notepad: Save as, Encoding, UTF-8) 请用 UTF-8 编码保存（记事本：另存为 → 编码 → UTF-8）':
    '不是 UTF-8 编码，像是 {encoding}（读出来是「{line}」）：用 UTF-8 编码另存（记事本：另存为 → 编码 → UTF-8）',

  'A valid token is required. Send the admin token or an API token as "Authorization: Bearer …".':
    '要有有效的令牌：用管理员令牌或 API 令牌，写在请求头 Authorization: Bearer … 里。',
  'This token has expired. Ask an admin for a new one.': '令牌已过期：请管理员给一个新的。',
  'Too many invalid tokens from this address. Try again in {n:num} s.': '无效的令牌过多：{n} 秒后再试。',
  'This call needs the role {needed:role}. The caller has the role {given:role}.':
    '要有「{needed}」角色才能这样做，你是「{given}」：请管理员来做，或请他调整你的角色。',
  "Calls of the console's scripts need the header {name}. Programs use /api with a token.":
    '运营台的脚本要带请求头 {name}，程序用令牌调用 /api。',
  'The call was answered with {n:num}.': '没有做成（状态码 {n}）：再试一次。',
  'Internal error. The log of this server has the details.':
    '程序出错了，详情在服务器的日志里：再试一次，或告诉管理员。',
  'Temporal is not reachable. Nothing was changed.': '连不上 Temporal，没有任何改动：稍后再试。',
  'Temporal is not reachable. Nothing was changed. Try again when /readyz reports engine: up.':
    '连不上 Temporal，没有任何改动：等它恢复后再试。',
  'There is no call {method} {path}.': '没有这个接口（{method} {path}）。',
  'There is no {what:text}.': '没有{what}：可能已被删除。',
  'such follower': '这位粉丝',
  'run of this follower': '这位粉丝的培育',
  'campaign {id}': '活动 {id}',
  'draft of campaign {id}': '活动 {id} 的草稿',
  'version {n:num} of campaign {id}': '活动 {id} 的第 {n} 版',
  'account {id}': '公众号 {id}',
  'menu of account {id}': '公众号 {id} 的菜单',
  'saved menu of account {id}': '公众号 {id} 的菜单备份',
  'medium {id}': '素材 {id}',
  'token {id}': '令牌 {id}',
  'user {name}': '成员 {name}',
  'hook {name}': '接收地址 {name}',
  'receiver of webhooks {name}': '通知的接收方 {name}',
  'webhook {id}': '通知 {id}',

  'The password is not accepted.': '密码不能用。',
  'must have at least {n:num} characters': '至少 {n} 个字',
  'must have at most {n:num} characters': '最多 {n} 个字',
  'must have at least 4 different characters': '至少要有 4 个不同的字',
  'must not be the name': '不能和用户名一样',
  'is easy to guess: common passwords, names, dates, telephone numbers and rows of keys add little. Use three or four unrelated words':
    '太容易猜到，常见密码、姓名、日期、电话和键盘上连着的键都不安全：用三四个不相关的词',
  'must be 1 to 64 letters, digits, . _ @ or -, and begin with a letter or digit':
    '应是 1 到 64 个字母、数字、点、下划线、@ 或连字符，以字母或数字开头',
  'is reserved for the audit log: {names}': '留给操作记录用，换一个名字',
  'Too many password checks are queued. Try again in a few seconds.': '正在验证的密码过多：几秒后再试。',
  'User {name} already exists.': '成员 {name} 已经有了：换一个名字。',
  'User {name} has no second factor.': '成员 {name} 没有启用两步验证。',
  'The name is not accepted.': '名称不能用。',
  'Another call has just added {name}. Repeat this one.': '刚刚有人添加了 {name}：再试一次。',
}
