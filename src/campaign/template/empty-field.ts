import { isBlank } from '../../shared/text.ts'
import type { CustomSendBody } from '../message.ts'

/**
 * Finds the first required field of a rendered message that has no visible character.
 *
 * WeChat refuses an empty text (44004), news without a title or URL (44003), and a mini program without a path (40165). It
 * refuses music without a URL, and a menu message without its head or the text of an item. Source:
 * https://developers.weixin.qq.com/doc/oplatform/Return_codes/Return_code_descriptions_new.html. The page does not mention white
 * space; it is treated as empty here.
 * @returns the path of the field in the campaign file; null when no required field is empty
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
  // Every part of a body is a plain object. Any other value has no fields.
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}

function listOf(value: unknown): Record<string, unknown>[] {
  return Array.isArray(value) ? value.map(recordOf) : []
}
