import { fieldName } from '../../campaign/texts/field-names.ts'
import type { Language } from '../texts/bilingual.ts'
import { EDITOR_TEXTS } from '../texts/editor-texts.ts'

/**
 * Says that a required field has no value yet, by the name that its form has for it.
 * @param path such as `steps.0.send.news.title`
 */
export function emptyWords(path: string, language: Language): string {
  const texts = EDITOR_TEXTS[language]
  const parts = path.split('.').filter((part) => !/^\d+$/.test(part))
  const [inside = '', field = ''] = [parts.at(-2), parts.at(-1)]
  if (field === 'file' || field === 'mediaId')
    return texts.isNotChosen(texts.kinds[inside as keyof typeof texts.kinds] ?? texts.file)
  if (field === 'thumb') return texts.isNotChosen(texts.thumb)
  const name = labels(inside, language)[field] ?? fieldName(field, language) ?? field
  // A space between a Latin word and what follows.
  return texts.isEmpty(language === 'zh' ? name.replace(/[A-Za-z]$/, '$& ') : name)
}

/** The fields that forms call by other names than messages do. */
function labels(inside: string, language: Language): Readonly<Record<string, string>> {
  const texts = EDITOR_TEXTS[language]
  const of = {
    items: { id: texts.itemId, text: texts.itemText },
    article: { id: `${texts.kinds.article} ${texts.articleId}` },
    card: { id: `${texts.kinds.card} ${texts.articleId}` },
  } as Readonly<Record<string, Readonly<Record<string, string>>>>
  return (
    of[inside] ?? {
      text: texts.text,
      name: inside === '' ? texts.name : texts.branchName,
      tag: texts.tagName,
      untag: texts.tagName,
      links: texts.links,
      webhook: texts.webhook,
      handover: texts.handover,
      go: texts.go,
      appId: texts.appId,
    }
  )
}
