import type { Language } from '../texts/field-names.ts'

/**
 * Variables of a message as people write them, `【公众号名称】`, and as a file has them, `{{ account.name }}`. Brackets with
 * another text between them are text.
 */

/** The variables with a name of their own. */
const VARIABLES: readonly (readonly [expression: string, zh: string, en: string])[] = [
  ['account.name', '公众号名称', 'account name'],
  ['answer.text', '回复的内容', 'answer'],
  ['reply.text', '首次回复的内容', 'first reply'],
  ['qrScene', '二维码来源', 'QR scene'],
  ['daysSinceEntry', '进入天数', 'days since entry'],
  ['follower.tags', '粉丝标签', 'tags'],
]
/** Variables that somebody has named: `【事实：visitAt】`. */
const FAMILIES: readonly (readonly [prefix: string, zh: string, en: string])[] = [
  ['fact.', '事实：', 'fact: '],
  ['account.', '变量：', 'variable: '],
]
const NAME = '[A-Za-z][A-Za-z0-9_]{0,63}'
const LIQUID = /\{\{-?\s*([A-Za-z][A-Za-z0-9_.]*)\s*-?\}\}/g
const TOKEN = /【([^【】\n]{1,1200})】/g
/** A link whose opens are counted: `{{ 'https://…' | track: 'guide' }}`. */
const TRACKED = /\{\{-?\s*'(https?:\/\/[^\s'{}【】]+)'\s*\|\s*track:\s*'([^'{}【】：\n]{1,64})'\s*-?\}\}/gi
/** The same for people: `【链接 guide：https://…】`. */
const LINK_TOKEN = /^(?:链接|link) ([^'{}：\n]{1,64})：(https?:\/\/[^\s'{}]+)$/i

const pick = (names: readonly [string, string, string], language: Language) =>
  names[language === 'zh' ? 1 : 2]

/** The token of an expression; null for one that has none. */
function tokenOf(expression: string, language: Language): string | null {
  const known = VARIABLES.find(([name]) => name === expression)
  if (known) return `【${pick(known as [string, string, string], language)}】`
  const family = FAMILIES.find(([prefix]) => expression.startsWith(prefix))
  const name = family ? expression.slice(family[0].length) : ''
  const isName = new RegExp(`^${NAME}$`).test(name)
  return family && isName ? `【${pick(family as [string, string, string], language)}${name}】` : null
}

/** The expression of what stands between brackets, in either language; null for other text. */
function expressionOf(inner: string): string | null {
  const [, name, url] = LINK_TOKEN.exec(inner) ?? []
  if (name !== undefined && url !== undefined) return trackExpression(url, name)
  const known = VARIABLES.find(([, zh, en]) => inner === zh || inner === en)
  if (known) return known[0]
  for (const [prefix, ...names] of FAMILIES)
    for (const start of names)
      if (inner.startsWith(start) && new RegExp(`^${NAME}$`).test(inner.slice(start.length)))
        return prefix + inner.slice(start.length)
  return null
}

/** A text of a file as people read it. */
export function withTokens(text: string, language: Language): string {
  return text
    .replace(LIQUID, (whole, expression: string) => tokenOf(expression, language) ?? whole)
    .replace(TRACKED, (_, url: string, name: string) => linkTokenOf(language, name, url))
}

/** A text with tokens as a file has it. */
export function withLiquid(text: string): string {
  return text.replace(TOKEN, (whole, inner: string) => {
    const expression = expressionOf(inner)
    return expression === null ? whole : `{{ ${expression} }}`
  })
}

const trackExpression = (url: string, name: string) => `'${url}' | track: '${name}'`
const linkTokenOf = (language: Language, name: string, url: string) =>
  `【${language === 'zh' ? '链接' : 'link'} ${name}：${url}】`

/** A token whose address is still to be typed. It becomes a link when it has one. */
export const linkToken = (language: Language, n: number): string =>
  linkTokenOf(language, `link${n}`, 'https://')

/** The address of a text that is one counted link, and its name; null for another text. */
export function trackedLink(text: string): { url: string; name: string } | null {
  const [, url, name] = /^\{\{-?\s*'([^'{}]*)'\s*\|\s*track:\s*'([^'{}]+)'\s*-?\}\}$/.exec(text.trim()) ?? []
  return url === undefined || name === undefined ? null : { url, name }
}

/** An address whose opens are counted under a name; without a name, the address itself. */
export function withTracking(url: string, name: string): string {
  return name.trim() === '' ? url : `{{ ${trackExpression(url, name)} }}`
}

/** Where the token begins that ends at a place of a text; -1 for none. So one key removes it. */
export function tokenBefore(text: string, end: number): number {
  const start = text.lastIndexOf('【', end - 1)
  const inner = text.slice(start + 1, end - 1)
  return start >= 0 && text[end - 1] === '】' && expressionOf(inner) !== null ? start : -1
}

/** The tokens to choose from: the general ones, then those of the account's variables and of facts. */
export function tokenChoices(
  language: Language,
  own: { variables: readonly string[]; facts: readonly string[] },
): string[] {
  const expressions = [
    ...VARIABLES.map(([name]) => name),
    ...own.variables.map((name) => `account.${name}`),
    ...own.facts.map((name) => `fact.${name}`),
  ]
  return expressions.flatMap((expression) => tokenOf(expression, language) ?? [])
}
