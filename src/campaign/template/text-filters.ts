import type { Context, Liquid } from 'liquidjs'
import { withoutLoneSurrogates } from '../../shared/text.ts'

/** Steps of `step-budget.ts`. Segmentation takes most of the time of these filters. */
const STEPS_PER_CHARACTER = 0.5

type TextFilter = (this: { context: Context }, text: string, ...args: unknown[]) => unknown

/**
 * Registers filters that split a text by the characters that a person sees (grapheme clusters, UAX #29). Some filters of liquidjs
 * count UTF-16 units, and others code points: its `first` of an emoji is half of it, and its `slice` of 👩‍👩‍👧 is one person.
 * Lists and numbers go to the filters of liquidjs.
 */
export function registerTextFilters(liquid: Liquid): void {
  const ownOf = (name: string) => {
    const own = liquid.filters[name]
    if (typeof own === 'function') return own
    throw new Error(`liquidjs has no filter ${name}`)
  }
  const ofText = (name: string, filter: TextFilter) => {
    const own = ownOf(name)
    liquid.registerFilter(name, function (value: unknown, ...args: unknown[]) {
      if (typeof value !== 'string') return own.call(this, value, ...args)
      this.context.renderLimit.use(value.length * STEPS_PER_CHARACTER)
      return filter.call(this, value, ...args)
    })
  }
  ofText('size', (text) => charactersOf(text).length)
  ofText('first', (text) => charactersOf(text)[0] ?? '')
  ofText('last', (text) => charactersOf(text).at(-1) ?? '')
  ofText('capitalize', (text) => {
    const [first = '', ...rest] = charactersOf(text)
    return first.toUpperCase() + rest.join('').toLowerCase()
  })
  ofText('slice', (text, begin, length = 1) => {
    const characters = charactersOf(text)
    const from = Number(begin) < 0 ? characters.length + Number(begin) : Number(begin)
    return from < 0 || Number(length) < 0 ? '' : characters.slice(from, from + Number(length)).join('')
  })
  ofText('truncate', (text, length = 50, end = '...') => {
    const [characters, most] = [charactersOf(text), Number(length)]
    if (characters.length <= most) return text
    const kept = Math.max(0, most - charactersOf(String(end)).length)
    return characters.slice(0, kept).join('') + String(end)
  })
  ofText('split', (text, by = '') => {
    const parts = String(by) === '' ? charactersOf(text) : text.split(String(by))
    // Empty parts at the end are omitted, as in Ruby and Liquid.
    while (parts.at(-1) === '') parts.pop()
    return parts
  })
  // liquidjs splits by the replaced text. For '' that would be between the halves of a character.
  ofText('replace', function (text, what = '', by = '') {
    const parts = String(what) === '' ? charactersOf(text) : text.split(String(what))
    // Counted before the result is created: a long text may follow each part.
    this.context.memoryLimit.use(text.length + parts.length * String(by).length)
    return parts.join(String(by))
  })
  // An index can read half of an emoji, and half a character cannot be URL-encoded.
  for (const name of ['url_encode', 'cgi_escape', 'uri_escape']) {
    const own = ownOf(name)
    liquid.registerFilter(name, function (value: unknown, ...args: unknown[]) {
      return own.call(this, typeof value === 'string' ? withoutLoneSurrogates(value) : value, ...args)
    })
  }
}

const segmenter = new Intl.Segmenter('zh', { granularity: 'grapheme' })

function charactersOf(text: string): string[] {
  return Array.from(segmenter.segment(text), (part) => part.segment)
}
