import type { MessageTable } from '../../shared/message-texts.ts'

/**
 * Chinese texts of the errors of single fields: the schema (`schema-issue.ts` and the models), and the reading of the file
 * (`read-yaml.ts`).
 */
export const FIELD_TEXTS: MessageTable = {
  'is missing': '必填，还没有填写',
  'must be a text': '填写文字',
  'must be a number': '填写数字',
  'must be a whole number': '填写整数',
  'must be a map of fields': '应是一组字段',
  'must be a map of names and values': '应是一组名称和值',
  'must be a list': '应是列表',
  'must be boolean': '填写 true 或 false',
  'must be a text: write it in quotes': '应是文字：给它加上引号',
  'must be {values:or}': '只能是 {values}',
  'is empty: write a text': '还是空的：填写文字',
  'is empty: write an address': '还是空的：填写网址',
  'is empty: write at least one entry': '还是空的：至少填写一项',
  'must be at least {n:num}': '不能小于 {n}',
  'must be at most {n:num}': '不能大于 {n}',
  'must be more than 0': '要大于 0',
  'has more than {n:num} characters: shorten it': '超过 {n} 个字：缩短一些',
  'has more than {n:num} entries: remove some': '超过 {n} 项：删掉一些',
  'Invalid input': '填写的内容不对：检查格式',
  'unknown field ""': '有个字段没有名称：写上名称，或删掉它',
  'unknown field "{name}"': '没有「{name}」这个字段：检查拼写，或删掉它',
  'must be a map of fields, such as id, name, entry and steps':
    '活动文件应是一组字段，如 id、name、entry 和 steps',
  'has no visible character: write a word': '没有可见的文字：填写一个词',
  'has half a character (such as "\\ud83d" without its second half) or a NUL: write the whole character':
    '含有不完整的字符（如半个表情）或 NUL：改成完整的字符',

  'must have lowercase letters, digits and hyphens only, at most 64':
    '只能用小写字母、数字和连字符，以字母或数字开头，最多 64 个',
  '"{given}" is not a duration: write a whole number and s, m, h or d, like 20s or 22h':
    '「{given}」不是时长：写整数加单位，s 秒、m 分钟、h 小时、d 天，如 20s、22h',
  '"{given}" is not a duration: write one unit only, {again}':
    '「{given}」不是时长：只用一个单位，写 {again}',
  '"{given}" is no time: write it like 09:00': '「{given}」不是时刻：写成 09:00 这样',
  'must be a text, a number, true or false': '填写文字、数字、true 或 false',
  'must be a value, a list of values, { atLeast: number } or { atMost: number }':
    '填写一个值、一组值，或不小于（atLeast）、不大于（atMost）某个数字',
  "a fact's name begins with a letter and has letters, digits and _, at most 32":
    '事实的名称以字母开头，只能有字母、数字和下划线，最多 32 个',
  'must be 10m to 24h': '应在 10 分钟到 24 小时之间（10m 到 24h）',
  'must be 1m to 48h': '应在 1 分钟到 48 小时之间（1m 到 48h）',
  'must be 1m to 30d': '应在 1 分钟到 30 天之间（1m 到 30d）',
  'must be 1s to 5s': '应在 1 到 5 秒之间（1s 到 5s）',
  'must be at least 1s': '不能少于 1 秒',
  'must be at most 1h': '不能超过 1 小时',
  'must be true': '只能是 true',
  'must be a map of fields, or a list of them': '填写一个事件，或事件的列表',

  'must be replied, not-replied, or a map such as { tag: name }, { qrScene: scene }, { subscribeScene: ADD_SCENE_QR_CODE } or { facts: { name: value } }':
    '选择已回复（replied）、未回复（not-replied），或按标签、二维码（来源）、关注来源、事实设条件，如 { tag: 名称 }',
  'must be true: write not: { replied: true } for the opposite':
    '只能是 true：要相反的条件，写 not: { replied: true }',
  'must be workdays, weekend or a list like [mon, wed]':
    '选择工作日（workdays）、周末（weekend），或列出星期几，如 [mon, wed]',
  '{n:num} messages in one step: WeChat never gives more than {max:num} for one interaction':
    '一个步骤有 {n} 条消息：微信每次互动最多给 {max} 条，拆成几个步骤',
  'must be a message, such as { text: … } or { image: … }, or a list of messages':
    '填写一条消息，如文字（text）或图片（image），或消息的列表',
  'is for forks': '只用于分叉',
  'must be the account of a human agent, like anna@account': '填写客服账号，如 anna@account',
  'must be a step, a fork with branches, or end': '应是步骤、带分支的分叉，或 end',
  'must have either file or mediaId': '素材（file）和微信素材 ID（mediaId）填一个',
  'must have exactly one of {kinds:kinds}': '一条消息只有一种内容，选一种：{kinds}',
  'must have exactly one of {kinds:kinds}, not {given:kinds}':
    '一条消息只有一种内容，现在有 {given}：只留一种',
  "must be none or { from: '22:00', to: '08:00' }":
    "选择不设（none），或写起止时间，如 { from: '22:00', to: '08:00' }",
  'must be skip or replace': '选择不进入（skip）或取代（replace）',
  'beside is not supported, because two runs would spend the same messages: answers reply during a run, and replace begins the new run in its place':
    '不支持 beside，两个活动会抢用同一份额度：培育中的关键词用自动回复（answers），要换成新活动用取代（replace）',
  'must be always, never or { after: 30d }': '选择总是（always）、从不（never），或写间隔，如 { after: 30d }',

  'is missing: write event, or a filter such as {name:field}': '还没有选事件：选一种，或填写{name}',
  'is missing: how long before the end, like 2h': '必填：写窗口关闭前多久，如 2h',
  'is no filter of {event:event}: {name:field} belongs to {events:events}':
    '「{event}」不能按{name}筛选：{name}只用于「{events}」',
  'is no filter of {event}: {name:field} belongs to {events:events}':
    '这个事件不能按{name}筛选：{name}只用于「{events}」',
  '{event:event} is not possible here: write {events:events}': '这里不能用「{event}」：改为 {events}',
  'is missing: a step needs send, tag, untag, set, webhook, handover or go':
    '步骤还没有内容：加一条消息，或打标签、去标签、写入事实、通知、人工接待、进入活动',
  'has a tag that is also in tag: write each tag in one of them': '同一个标签既要打上又要去掉：只留一处',
  'give after or day, not both: day counts calendar days':
    '延迟（after）和第几天（day）只填一个：第几天按日历算',
  'day needs at: the time of that day': '填了第几天（day），还要填时刻（at）',
  'days needs at': '填了星期（days），还要填时刻（at）',
  'before needs since: { fact: name }':
    '填了提前（before），从何时算起（since）要选一个事实，如 { fact: 名称 }',
  'give before or {name:field}, not both': '提前（before）和{name}只填一个',
  'typing needs send: it is shown before a message': '「正在输入」显示在消息之前：给这一步加一条消息',
  'meanwhile has steps only: a question inside a question has two answers':
    '等待期间（meanwhile）只能放步骤：问题里再提问，会分不清回答的是哪个',
  'branches of one fork are all on, all when or all share; here stand {kinds:branchkinds}':
    '同一个分叉的分支要用同一种方式：都按事件（on）、都按条件（when），或都按占比（share）。现在是：{kinds}',
  'a fork with on needs wait: how long the answer is listened for': '按事件（on）分叉，要填等待时长（wait）',
  '{name:field} belongs to branches with on: a fork by {kind:field} is decided as soon as it is reached':
    '{name}只用于按事件（on）的分支：按{kind}的分叉一到就决定，删掉它',
  '{name:field} belongs to branches with when: a fork by {kind:field} begins when it is reached':
    '{name}只用于按条件（when）的分支：按{kind}的分叉一到就开始，删掉它',
  'the shares add up to {n:num}: at most 100, else takes the rest':
    '占比加起来是 {n}：最多 100，剩下的走「其余粉丝」',
  'give either reply or handover': '即时回复和人工接待只填一个',
  'from and to are the same: no time would be quiet': '开始时间和结束时间相同：没有静默的时间',
  'is empty: a campaign needs at least one step': '还没有步骤：至少加一步',
  'is missing: steps need an entry': '还没有入口：有步骤的活动要选一个入口',
  'is missing: a campaign needs steps or answers': '还没有内容：加步骤或自动回复',
  'is for the event that begins a run, and this campaign has no entry: write it under answers':
    '即时回复用在入口，这个活动没有入口：把它写到自动回复里',
  'resumeReply needs resume: the keywords that it answers': '填了恢复时的回复，还要填恢复词',
  'stands in keywords too: one text cannot mean both': '也是退订词：一个词不能既退订又恢复，删掉一处',
  'a campaign needs steps or answers': '活动要有步骤或自动回复',
}

export const READING_TEXTS: MessageTable = {
  'is empty: write a campaign with id, name, entry and steps 文件是空的':
    '文件是空的：写上 id、name、entry 和 steps',
  'is larger than 256 KiB: split the campaign': '文件超过 256 KiB：拆成几个活动',
  'and {n:num} more errors': '还有 {n} 个错误',
  'and {n:num} more warnings': '还有 {n} 条提醒',
  'not readable: {why:text}': '文件读不懂：{why}',
  'not readable: {why}': '文件读不懂：检查这一行的缩进、冒号和引号（{why}）',
  'the file has over {n:num} words and marks: shorten its lists, or split it 文件过大（超过 {n:num} 个词和符号），请缩短列表或拆分文件':
    '文件过大，超过 {n} 个词和符号：缩短列表，或拆成几个文件',
  'the file has over {n:num} escapes that YAML does not know, like \\q: write \\\\ for a backslash 文件中有过多无效的转义，反斜杠请写成 \\\\':
    '有 {n} 个以上无效的转义（如 \\q）：反斜杠写成 \\\\',
  'the file nests fields more than {n:num} levels deep: use fewer levels 文件嵌套过深（超过 {n:num} 层），请减少层级':
    '嵌套过深，超过 {n} 层：减少层级',
  'references (*name) nest fields more than {n:num} levels deep: use fewer levels 引用（*name）使字段嵌套过深（超过 {n:num} 层），请减少层级':
    '引用（*name）使嵌套过深，超过 {n} 层：减少层级',
  'the file is too large with its references expanded: use fewer references': '展开引用后文件过大：少用引用',
  'the file has over {n:num} references (*name): write the values out':
    '引用（*name）超过 {n} 个：直接写出值',
  'the reference *{name} has no anchor above it: write &{anchor} before the value':
    '引用 *{name} 在上面没有定义：在值前面写 &{anchor}',
  'a field has a name of over {n:num} characters: shorten it': '有个字段名超过 {n} 个字：缩短它',
  'the name __proto__ is reserved: choose another name': '名称 __proto__ 有特殊含义，不能使用：换一个名称',
  'merge keys (<<) are not supported: write the fields out': '不支持合并（<<）：直接写出字段',
  'tags such as {tag} are not supported: write a text in quotes':
    '不支持 {tag} 这样的类型标记：写成带引号的文字',
  '{given} is a number, not a text: write "{again}" in quotes':
    '{given} 会当作数字：要写文字，加上引号 "{again}"',
  '{given} means no value in YAML, not a text: write "{again}" in quotes if you mean the text, or leave the field out':
    '{given} 在 YAML 里表示没有值：要写文字，加上引号 "{again}"；不需要就删掉这个字段',
  '{given} means true or false in YAML, not a text: write "{again}" in quotes if you mean the text':
    '{given} 在 YAML 里表示是或否：要写文字，加上引号 "{again}"',
  'has no value: write one, or leave the field out': '没有值：填写它，或删掉这个字段',
  'there are several documents, separated by ---: write each into its own file':
    '有几份内容用 --- 隔开：每份写成一个文件',
  'the line is indented with a tab: YAML accepts spaces only': '这一行用 Tab 缩进：改用空格',

  'Map keys must be unique': '字段重复：同一层只写一次',
  "Missing closing 'quote": "缺少右边的单引号：补上 '",
  'Missing closing "quote': '缺少右边的双引号：补上 "',
  'Invalid escape sequence {given}': '转义 {given} 无效：反斜杠写成 \\\\，或改用单引号',
  'Plain value cannot start with a tab character': '文字不能以 Tab 开头：删掉它',
  'Plain value cannot start with flow indicator character {given}': '文字不能以 {given} 开头：给它加上引号',
  'Plain value cannot start with block scalar indicator {given}': '文字不能以 {given} 开头：给它加上引号',
  'Plain value cannot start with directive indicator character {given}':
    '文字不能以 {given} 开头：给它加上引号',
  'Plain value cannot start with reserved character {given}': '文字不能以 {given} 开头：给它加上引号',
  'Plain value cannot start with {given}': '文字不能以 {given} 开头：给它加上引号',
  'Implicit map keys need to be followed by map values': '字段名后面要有冒号和空格',
  'Implicit keys need to be on a single line': '字段名要写在一行里：检查冒号和引号',
  'Implicit keys of flow sequence pairs need to be on a single line': '字段名要写在一行里：检查方括号和冒号',
  'Nested mappings are not allowed in compact mappings': '一行里有两个冒号：给文字加上引号，或换行缩进',
  'All mapping items must start at the same column': '缩进不齐：同一层的字段要对齐',
  'All sequence items must start at the same column': '缩进不齐：同一个列表的 - 要对齐',
  'Sequence item without - indicator': '列表的每一项要以 - 开头',
  'A block sequence may not be used as an implicit map key': '列表不能作字段名：检查缩进',
  'Tabs are not allowed as indentation': '这一行用 Tab 缩进：改用空格',
  'Comments must be separated from other tokens by white space characters': '注释的 # 前面要有空格',
  'Tags and anchors must be separated from the next token by white space': '类型标记和锚点后面要有空格',
  'A node can have at most one anchor': '一个值只能有一个锚点（&）',
  'A node can have at most one tag': '一个值只能有一个类型标记（!）',
  'Alias cannot be an empty string': '引用（*）后面没有名称：写上名称，或给文字加引号',
  'Anchor cannot be an empty string': '锚点（&）后面没有名称：写上名称，或给文字加引号',
  'Alias ending in : is ambiguous': '引用的末尾是冒号：在冒号前加空格',
  'Anchor ending in : is ambiguous': '锚点的末尾是冒号：在冒号前加空格',
  'An alias node must not specify any properties': '引用（*）前面不能再有锚点或类型标记',
  'Unresolved tag: {tag}': '不支持类型标记 {tag}：写成带引号的文字',
  'With stringKeys, all keys must be strings': '字段名应是文字：检查冒号和括号',
  'Block scalar header includes extra characters: {given}':
    '| 或 > 后面多了 {given}：删掉它，文字从下一行开始写',
  'Flow {shape} in block collection must be sufficiently indented and end with a {end}':
    '括号没有写完整：补上 {end}，跨行时缩进',
  'Flow {shape} in block collection must be sufficiently indented': '括号里的内容要比字段名缩进更多',
  'Flow {shape} must end with a {end}': '括号没有写完整：补上 {end}',
  'Flow end indicator should be more indented than parent': '右边的括号要比字段名缩进更多',
  'Missing newline after block sequence props': '类型标记和锚点后面要换行',
  'Block collection cannot start on same line with directives-end marker': '--- 后面要换行',
  'Missing directives-end/doc-start indicator line': '% 开头的指令后面要有一行 ---',
  'Missing directives-end indicator line': '% 开头的指令后面要有一行 ---',
  'Unexpected doc-end without preceding document': '开头多了一行 ...：删掉它',
  'Block scalars with more-indented leading empty lines must use an explicit indentation indicator':
    '| 或 > 下面开头的空行缩进过多：去掉空行里的空格',
  'Block scalar values in collections must be indented': '| 或 > 下面的文字要缩进',
  'Block scalar lines must not be less indented than their first line':
    '| 或 > 下面的文字，缩进不能比第一行少',
  'Block scalar lines must not be less indented than their explicit indentation indicator':
    '| 或 > 下面的文字，缩进不能比写明的少',
  'Anchors and tags must be after the {given} indicator': '锚点和类型标记要写在 {given} 后面',
  '{tag} used for {given} collection, but expects {kind}': '类型标记 {tag} 用错了地方：删掉它',
  'Block collections are not allowed within flow collections': '括号里不能用换行缩进的写法：都写在括号里',
  'Missing , between {shape} items': '括号里的各项之间缺少逗号',
  'Missing , or : between {shape} items': '括号里的各项之间缺少逗号或冒号',
  'Missing space after : in {shape}': '冒号后面要有空格',
  'Unexpected , in {shape}': '多了一个逗号',
  'Unexpected empty item in {shape}': '多了一个逗号',
  'Unexpected {given} at node end': '这里多了 {given}：检查引号和括号',
  'Unexpected block-seq-ind on same line with key': '列表的 - 不能写在字段名的同一行：换行缩进',
  'Unexpected block-seq-ind on same line with key: {given}': '列表的 - 不能写在字段名的同一行：换行缩进',
  'Map comment with trailing content': '字段下面多了内容：检查它前后的缩进',
  'Not a YAML token: {given}': '{given} 不是 YAML 的写法：给文字加上引号',
  'Unexpected {type} token in YAML document': '有内容的位置不对：检查缩进、括号和引号',
  'Unexpected {type} token in YAML document: {given}': '{given} 的位置不对：检查它前后的缩进、括号和引号',
  'Unexpected {type} token in YAML stream': '有内容的位置不对：检查缩进、括号和引号',
  'Unexpected {type} token in YAML stream: {given}': '{given} 的位置不对：检查它前后的缩进、括号和引号',
  'Unexpected {given} token': '这里多了 {given}：检查冒号、引号和括号',
  'Expected a flow scalar value, but found: {given}': '引号里的文字没有写完整：检查引号',
  'The : indicator must be at most 1024 chars after the start of an implicit block mapping key':
    '字段名过长：检查是不是少了引号或换行',
  'The : indicator must be at most 1024 chars after the start of an implicit flow sequence key':
    '字段名过长：检查是不是少了引号或逗号',
}
