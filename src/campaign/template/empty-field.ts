import { isBlank } from '../../shared/text.ts'
import type { CustomSendBody } from '../message.ts'

/**
 * The first field of a rendered message that WeChat requires and that has nothing to see in it, by its path in the campaign
 * file; null of a message that says something. WeChat refuses an empty text (44004 empty content), news without a title or
 * an address (44003 empty news data), music without its address, a menu message without its head or an item's words, and a
 * mini program without a path (40165): https://developers.weixin.qq.com/doc/oplatform/Return_codes/Return_code_descriptions_new.html.
 * That it refuses white space as it refuses nothing is inferred; a bubble with nothing in it helps nobody.
 */
export function findEmptyField(body: CustomSendBody): string | null {
  return requiredTexts(body).find(([, text]) => typeof text !== 'string' || isBlank(text))?.[0] ?? null
}

function requiredTexts(body: CustomSendBody): [path: string, text: unknown][] {
  const part = recordOf(body[body.msgtype])
  switch (body.msgtype) {
    case 'text':
      return [['text', part.content]]
    case 'news':
      return listOf(part.articles).flatMap(({ title, url }): [string, unknown][] => [
        ['news.title', title],
        ['news.url', url],
      ])
    case 'music':
      return [['music.url', part.musicurl]]
    case 'msgmenu':
      return [
        ['menu.head', part.head_content],
        ...listOf(part.list).map(({ content }, i): [string, unknown] => [`menu.items.${i}.text`, content]),
      ]
    case 'miniprogrampage':
      return [['miniprogram.path', part.pagepath]]
    default:
      return []
  }
}

function recordOf(value: unknown): Record<string, unknown> {
  // Every part of a body is a plain object; of any other each field is missing.
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}

function listOf(value: unknown): Record<string, unknown>[] {
  return Array.isArray(value) ? value.map(recordOf) : []
}
