import type { Liquid } from 'liquidjs'

/** The key of {@link TracksLinks}. A template cannot name it. */
export const TRACK_LINK = Symbol('the short link of a tracked link')

/** The part of the variables that gives the short link of an address. Absent: the address itself stays. */
export interface TracksLinks {
  [TRACK_LINK]?: (url: string, name: string) => string
}

/** Characters of a link's name, as of every word in a campaign file. */
const NAME_MAX_CHARS = 64

/** Registers `{{ 'https://…' | track: 'name' }}`: the short link that leads to this address and counts its opens. */
export function registerTrackFilter(liquid: Liquid): void {
  liquid.registerFilter('track', function (value: unknown, given?: unknown) {
    const [url, name] = [String(value ?? '').trim(), String(given ?? '').trim()]
    if (name === '' || name.length > NAME_MAX_CHARS)
      throw new Error(
        `track needs a name of 1 to ${NAME_MAX_CHARS} characters: {{ 'https://…' | track: 'name' }}`,
      )
    // A fact that is not set is no address, and gives no link.
    if (url === '') return ''
    if (!/^https?:\/\/\S+$/i.test(url))
      throw new Error(`track needs an http or https URL, and "${url.slice(0, 80)}" is none`)
    const { [TRACK_LINK]: shortLinkOf } = this.context.environments as TracksLinks
    return shortLinkOf ? shortLinkOf(url, name) : url
  })
}

/** The names of the links that a text tracks. */
export function linkNamesIn(text: string): string[] {
  return [...text.matchAll(/\|\s*track:\s*(?:'([^']+)'|"([^"]+)")/g)].map(([, single, double]) =>
    (single ?? double ?? '').trim(),
  )
}
