import type { ScalarTag, Tags } from 'yaml'

const NUMBERS = new Set(['tag:yaml.org,2002:int', 'tag:yaml.org,2002:float'])

const keepSpelling = (tag: Tags[number]): Tags[number] => {
  if (typeof tag === 'string' || !NUMBERS.has(tag.tag)) return tag
  const { stringify } = tag as ScalarTag
  const spelled: ScalarTag['stringify'] = (item, ...more) => item.source ?? stringify?.(item, ...more) ?? ''
  return { ...tag, stringify: spelled } as ScalarTag
}

/** Options of a YAML document: a number that is printed again has the spelling that it was read with, as 007 and 1.0. */
export const KEEPS_SPELLING = { customTags: (tags: Tags): Tags => tags.map(keepSpelling) }
