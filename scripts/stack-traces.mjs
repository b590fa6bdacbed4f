import { readFileSync } from 'node:fs'
import { SourceMap } from 'node:module'
import { fileURLToPath } from 'node:url'

/**
 * Makes stack traces name lines of the sources instead of the compiled files. Node's own option keeps the source maps of all
 * modules and libraries in memory; this one reads a map when a stack trace contains its file.
 * @param {string} folder the URL of the compiled files, with a slash at its end
 */
export function nameSourceLines(folder) {
  /** @type {Map<string, SourceMap | null>} */
  const maps = new Map()

  function mapOf(url) {
    if (!maps.has(url)) maps.set(url, read(url))
    return maps.get(url)
  }

  /** @param place a frame that contains `file:///…/start.js:10:5` */
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
