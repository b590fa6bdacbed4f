import type { MessageTable } from '../../shared/message-texts.ts'

/** Chinese texts of the errors in the order of a file: ids, references, delays, what is never reached. */
export const STRUCTURE_TEXTS: MessageTable = {
  'is {id}, but the file was sent to {path}: use the same id':
    '文件里的标识是 {id}，地址里是 {path}：改成一样',
  'a reply cannot use follower.…: use it in a step': '即时回复里不能用 follower.…：在步骤里用',
  'a reply cannot use fact.…: use it in a step': '即时回复里不能用 fact.…：在步骤里用',
  '{at:span} is beyond the window of {window:span}: the step could never be sent':
    '{at}后互动窗口已经关闭（{window}）：这一步发不出去，缩短延迟',
  '{at:span} ({before:span} + {after:span}) is beyond the window of {window:span}: the step could never be sent':
    '加上前面的步骤共 {at}（{before} + {after}），那时互动窗口已经关闭（{window}）：这一步发不出去，缩短延迟',
  'variables are not filled in here: write the value itself': '这里不能用变量：直接写出值',
  'has {n:num} bytes of UTF-8, and WeChat accepts at most {max:num}: shorten the text':
    '有 {n} 字节，微信最多接受 {max} 字节（一个汉字 3 字节）：缩短文字',
  'there is no uploaded medium {id}: upload it first': '没有素材 {id}：先上传',
  'leads back to this campaign: there are no loops': '又进入了本活动：换一个活动，不能循环',
  'a campaign has at most {max:num} forks, this one has {n:num}: split it into several':
    '一个活动最多 {max} 个分叉，这里有 {n} 个：拆成几个活动',
  'a campaign has at most {max:num} steps, this one has {n:num}: split it into several':
    '一个活动最多 {max} 步，这里有 {n} 步：拆成几个活动',
  'a campaign has at most {max:num} steps, this one has {n:num}: split it into several 一个活动最多 {max:num} 步，这里有 {n:num} 步，请拆分':
    '一个活动最多 {max} 步，这里有 {n} 步：拆成几个活动',
  'forks stand {n:num} deep: at most {max:num}': '分叉嵌套了 {n} 层：最多 {max} 层',
  'duplicate step id {id} (also at {path:place})': '标识 {id} 重复，「{path}」也用了：换一个',
  '{id} is a word of the format: choose another id': '{id} 是保留字：换一个标识',
  '{id} is no step or fork above on this way: it stands below or in another branch':
    '{id} 在下面或别的分支里：从何时算起只能选这条路上前面的步骤或分叉',
  '{id} is no step or fork above on this way': '前面没有步骤或分叉 {id}：选这条路上前面的一个',
  'since: {id} is no step or fork above on this way': '前面没有步骤或分叉 {id}：选这条路上前面的一个',
  'end stands above it: put end last': '上面已经结束（end）：把 end 放到最后',
  'can never go: each branch of the fork above ends': '永远走不到：上面分叉的每个分支都已结束',
  'can never go: each branch of {fork} above ends': '永远走不到：上面分叉 {fork} 的每个分支都已结束',
  '{wait:span} is longer than the window of {window:span}: the run ends before':
    '等待 {wait}，比互动窗口（{window}）还长，培育会先结束：缩短等待时长',
  'is never reached: branch {name} above takes every message':
    '永远走不到：上面的分支「{name}」接住了所有消息，调整顺序',
  'is never reached: {why:text}': '永远走不到：{why}',
  '{path:place} above takes every message': '上面的「{path}」接住了所有消息，调整顺序',
  '{word} stands in branch {name} above': '上面的分支「{name}」已有关键词「{word}」，删掉一处',
  '{word} stands in {path:place} above': '上面的「{path}」已有关键词「{word}」，删掉一处',
  '{word} is an exit keyword': '「{word}」是退订词，换一个',
  'a run that begins by window-closing has no callback to answer':
    '以窗口即将关闭为入口时，没有可以即时回复的消息：删掉即时回复，改用步骤',
  'step {step} can never go: it is due on no way through the file':
    '步骤 {step} 永远发不出：哪条路都走不到它',
}

/** Chinese texts of the errors of templates, and of texts that may be empty. */
export const TEMPLATE_TEXTS: MessageTable = {
  'has {n:num} characters, and a message has at most {max:num}: shorten the text 文本有 {n:num} 个字符，最多 {max:num} 个，请缩短':
    '有 {n} 个字，最多 {max} 个：缩短文字',
  'the templates of this file take too much work (over {n:num} steps together); this template and the following ones were not checked: write simpler templates, or split the campaign 本文件的模板运算量过大（合计超过 {n:num} 步），此处及之后的模板未检查：请简化模板，或拆分活动':
    '这个活动的模板运算量过大（合计超过 {n} 步），从这里起没有检查：简化模板，或拆成几个活动',
  'the template takes too much work (over {n:num} steps): write it without nested loops, and with shorter lists and texts 模板运算量过大（超过 {n:num} 步）：请去掉循环里的循环，缩短列表和文本':
    '模板运算量过大（超过 {n} 步）：去掉循环里的循环，缩短列表和文字',
  'undefined variable {name}: use one of {names:list}': '没有变量 {name}：可以用 {names}',
  'undefined variable {name}, line:{line:num}, col:{column:num}: use one of {names:list}':
    '没有变量 {name}：可以用 {names}',
  'the template fails: its parts are nested too deep 模板嵌套过深': '模板嵌套过深：减少层级',
  'the template fails: {why:text}': '模板有错：{why}',
  'the template fails: {why}': '模板有错：检查大括号和变量的写法（{why}）',
  '{why:text}, line:{line:num}, col:{column:num}': '{why}（第 {line} 行第 {column} 个字）',
  'the template takes too long': '运算时间过长，简化模板',
  'over {n:num} steps': '运算超过 {n} 步，简化模板',
  'the account has no variable "{name}" ({{ account.{again} }})':
    '公众号没有变量「{name}」：在公众号设置里添加',
  'blocks are nested more than {n:num} levels deep': '嵌套超过 {n} 层，减少层级',
  'the tag {tag} is not allowed': '不能用 {tag}',
  'the ends of a range are at most {n:num}': '范围的两端最大 {n}',
  "track needs a name of 1 to {n:num} characters: {{ 'https://…' | track: 'name' }}":
    "track 要有 1 到 {n} 个字的名称，如 {{ 'https://…' | track: '名称' }}",
  'track needs an http or https URL, and "{given}" is none':
    'track 前面要是 http 或 https 网址，「{given}」不是',

  '{name} expect 2 arguments': '过滤器 {name} 后面要写一个参数',
  'undefined filter: {name}': '没有过滤器 {name}',
  'tag "{name}" not found': '没有标签 {name}',
  'tag {given} not closed': '{given} 没有结束，补上右边的 %} 或结束标签',
  'output {given} not closed': '{given} 没有结束，补上右边的 }}',
  'raw {given} not closed': '{given} 没有结束，补上 endraw',
  'illegal tag syntax, tag name expected': '{% 后面要写标签名',
  'illegal liquid tag syntax': '标签写法不对',
  'illegal tag: {given}': '{given} 的写法不对',
  'invalid value expression: {given}': '{given} 不是有效的值',
  'expected "|" before filter': '过滤器前面要有 |',
  'expected filter name': '| 后面要写过滤器的名称',
  'expected ":" after filter name': '过滤器的名称后面要有冒号',
  'unexpected character {given}': '多了 {given}',
  'unexpected token {given}, value expected': '{given} 的位置应是一个值',
  '[ not closed': '缺少 ]',
  'invalid range syntax': '范围写法不对，应如 (1..5)',
  'unbalanced parentheses': '括号不成对',
  'expected variable name': '缺少变量名',
  'expected "="': '缺少等号',
  'invalid capture name': 'capture 的名称无效',
  'empty candidates: {given}': 'cycle 里没有内容：{given}',
  'unexpected elsif after else': 'elsif 不能写在 else 后面',
  'duplicated else': 'else 只能写一次',
  'invalid base64 provided to base64_decode': 'base64_decode 的内容无效',
  "every line of an inline comment must start with a '#' character": '注释的每一行都要以 # 开头',

  'is always empty, and WeChat accepts no empty text: write a visible text':
    '永远是空的，微信不接受空消息：写上可见的文字',
  '{when:text} the step is skipped: write words around it, or a default':
    '{when}，这一步就会跳过：在变量旁写上文字，或用 default 给出默认值',
  '{when:text} the reply is omitted: write words around it, or a default':
    '{when}，就不会回复：在变量旁写上文字，或用 default 给出默认值',
  'is always empty: write the address': '永远是空的：填写地址',
  '{when:text} the step is skipped: give it another address by the filter default':
    '{when}，这一步就会跳过：用 default 给出默认地址',
  '{when:text} the reply is omitted: give it another address by the filter default':
    '{when}，就不会回复：用 default 给出默认地址',
  'can be empty, and then': '可能为空',
  'is always empty because {names:and} is, so': '{names} 在这里永远为空',
  'is empty when {names:and} is, and then': '{names} 为空时，消息也是空的',
  'does not work when {names:and} is empty, and then': '{names} 为空时，模板会出错',
}
