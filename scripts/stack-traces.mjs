import { readFileSync } from 'node:fs'
import { SourceMap } from 'node:module'
import { fileURLToPath } from 'node:url'

/**
 * Stack traces name lines of the sources, not of what was compiled. Node's own way keeps the source maps of all modules
 * in memory, libraries' as well; here one is read when a stack trace goes through its file.
 * @param {string} folder URL, with a slash at its end: where the compiled files are
 */
export function nameSourceLines(folder) {
  /** @type {Map<string, SourceMap | null>} */
  const maps = new Map()

  function mapOf(url) {
    if (!maps.has(url)) maps.set(url, read(url))
    return maps.get(url)
  }

  /** `file:///…/start.js:10:5`, or with something around it */
  function inSource(place) {
    return place.replace(/(file:\/\/[^\s()]+?):(\d+):(\d+)/, (all, url, line, column) => {
      if (!url.startsWith(folder)) return all
      // The map counts from 0.
      const entry = mapOf(url)?.findEntry(Number(line) - 1, Number(column) - 1)
      if (!entry?.originalSource) return all
      const source = new URL(entry.originalSource, url)
      return `${source}:${entry.originalLine + 1}:${entry.originalColumn + 1}`
    })
  }

  Error.prepareStackTrace = (error, sites) =>
    [headOf(error), ...sites.map((site) => `    at ${inSource(String(site))}`)].join('\n')
}

function headOf(error) {
  try {
    return Error.prototype.toString.call(error)
  } catch {
    return 'Error'
  }
}

function read(url) {
  try {
    return new SourceMap(JSON.parse(readFileSync(fileURLToPath(`${url}.map`), 'utf8')))
  } catch {
    return null
  }
}
