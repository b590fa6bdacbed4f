import type { Fix, FixName } from '../../campaign/fixes/fix.ts'
import { fieldName } from '../../campaign/texts/field-names.ts'
import type { Language } from './bilingual.ts'

type FixText = (first: string, second: string) => string
type FixTexts = Readonly<Record<FixName, FixText>>

const UNITS: Readonly<Record<Language, Readonly<Record<string, string>>>> = {
  zh: { s: ' 秒', m: ' 分钟', h: ' 小时', d: ' 天' },
  en: { s: ' s', m: ' min', h: ' h', d: ' d' },
}

/** `22h` as 22 小时. Another value stays as it is. */
function valueText(language: Language, value: string): string {
  const [, count, unit] = /^(\d+)([smhd])$/.exec(value) ?? []
  return count === undefined || unit === undefined ? value : `${count}${UNITS[language][unit] ?? unit}`
}

const zhValue = (value: string) => valueText('zh', value)
const zhField = (field: string) => fieldName(field, 'zh') ?? field

const ZH: FixTexts = {
  'ask-before': () => '先等粉丝回复，再发这一步',
  sooner: (time) => `改为进入后 ${zhValue(time)}`,
  delay: (time) => `延迟改为 ${zhValue(time)}`,
  window: (time) => `互动窗口改为 ${zhValue(time)}`,
  wait: (time) => `等待改为 ${zhValue(time)}`,
  id: (id) => `标识改为 ${id}`,
  previous: () => '改为上一步之后',
  'end-last': () => '把「到此结束」移到最后',
  'remove-end': () => '去掉「到此结束」，继续往下',
  'branch-up': (name) => `移到「${answerName('zh', name)}」前面`,
  'remove-word': (name, word) =>
    name === '' ? `删掉「${word}」` : `从「${answerName('zh', name)}」删掉「${word}」`,
  'remove-branch': () => '删掉这个分支',
  'remove-answer': () => '删掉这条自动回复',
  'remove-exit-word': (word) => `从退订词删掉「${word}」`,
  priority: (n) => `优先级改为 ${n}`,
  'remove-go': () => '不再进入活动',
  'remove-step': () => '删掉这一步',
  'remove-account': (account) => `去掉公众号 ${account}`,
  'split-text': (n) => `拆成 ${n} 条消息`,
  'scale-shares': () => '按比例缩到 100',
  at: (time) => `时刻设为 ${time}`,
  'remove-field': (field) => `去掉「${zhField(field)}」`,
  'remove-reply': () => '删掉即时回复',
  untag: (tags) => `不去掉「${tags}」`,
  quiet: (from, to) => `改为 ${from}–${to}`,
  entry: () => '以关注公众号为入口',
  resume: (word) => `恢复词设为 ${word}`,
  exact: () => '改为全匹配',
  meanwhile: (fork) => `放到「${fork}」的等待期间`,
  anytime: () => '静默时段也发',
  value: (value) => `改为 ${zhValue(value)}`,
  'repeated-key': (key) => `删掉重复的「${zhField(key)}」`,
  spaces: () => '改用空格缩进',
}

const enValue = (value: string) => valueText('en', value)

const EN: FixTexts = {
  'ask-before': () => 'Wait for a reply before this step',
  sooner: (time) => `Make it ${enValue(time)} after the entry`,
  delay: (time) => `Make the delay ${enValue(time)}`,
  window: (time) => `Make the window ${enValue(time)}`,
  wait: (time) => `Wait for ${enValue(time)}`,
  id: (id) => `Use the id ${id}`,
  previous: () => 'Count from the step before',
  'end-last': () => 'Move “Ends here” to the end',
  'remove-end': () => 'Remove “Ends here” and go on',
  'branch-up': (name) => `Move it above “${answerName('en', name)}”`,
  'remove-word': (name, word) =>
    name === '' ? `Remove “${word}”` : `Remove “${word}” from “${answerName('en', name)}”`,
  'remove-branch': () => 'Remove this branch',
  'remove-answer': () => 'Remove this answer',
  'remove-exit-word': (word) => `Remove “${word}” from the opt-out words`,
  priority: (n) => `Make the priority ${n}`,
  'remove-go': () => 'Enter no other campaign',
  'remove-step': () => 'Remove this step',
  'remove-account': (account) => `Leave out account ${account}`,
  'split-text': (n) => `Split it into ${n} messages`,
  'scale-shares': () => 'Scale them down to 100',
  at: (time) => `Set the time of day ${time}`,
  'remove-field': (field) => `Remove “${field}”`,
  'remove-reply': () => 'Remove the passive reply',
  untag: (tags) => `Do not remove “${tags}”`,
  quiet: (from, to) => `Make them ${from}–${to}`,
  entry: () => 'Begin with a follow',
  resume: (word) => `Set the word ${word} to come back`,
  exact: () => 'Match the whole text',
  meanwhile: (fork) => `Send it while “${fork}” waits`,
  anytime: () => 'Send it in quiet hours too',
  value: (value) => `Make it ${enValue(value)}`,
  'repeated-key': (key) => `Remove the repeated “${key}”`,
  spaces: () => 'Indent with spaces',
}

/** `answers.0` as people call it; the name of a branch stays. */
function answerName(language: Language, name: string): string {
  const row = /^answers\.(\d+)$/.exec(name)?.[1]
  if (row === undefined) return name
  return language === 'zh' ? `自动回复 ${Number(row) + 1}` : `answer ${Number(row) + 1}`
}

/** What a fix does, as its button says it. */
export function fixText({ name, values: [first = '', second = ''] }: Fix, language: Language): string {
  return (language === 'zh' ? ZH : EN)[name](first, second)
}
