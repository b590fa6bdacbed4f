import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** The frames whose sources are remembered. Repeated errors have the same frames. */
const REMEMBERED_FRAMES = 2_000

/**
 * Makes stack traces name lines of the sources instead of the compiled files. Node's own option keeps the source maps of all
 * modules and libraries in memory, and its `SourceMap` decodes a whole map: for the largest compiled file that takes 0.1 s and
 * 17 MB. This one reads a map up to the frame that it looks for, and keeps the result only.
 * @param {string} folder the URL of the compiled files, with a slash at its end
 */
export function nameSourceLines(folder) {
  /** @type {Map<string, string>} */
  const sources = new Map()

  function sourceOf(all, url, line, column) {
    // The map counts from 0.
    const place = findSource(url, Number(line) - 1, Number(column) - 1)
    if (!place) return all
    return `${new URL(place.source, url)}:${place.line + 1}:${place.column + 1}`
  }

  /** @param place a frame that contains `file:///…/start.js:10:5` */
  function inSource(place) {
    return place.replace(/(file:\/\/[^\s()]+?):(\d+):(\d+)/, (all, url, line, column) => {
      if (!url.startsWith(folder)) return all
      const known = sources.get(all)
      if (known !== undefined) return known
      const source = sourceOf(all, url, line, column)
      if (sources.size >= REMEMBERED_FRAMES) sources.clear()
      sources.set(all, source)
      return source
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

function findSource(url, line, column) {
  try {
    return sourcePlace(JSON.parse(readFileSync(fileURLToPath(`${url}.map`), 'utf8')), line, column)
  } catch {
    return null
  }
}

const [COMMA, SEMICOLON] = [44, 59]
const BASE64 = new Uint8Array(128)
for (const [value, char] of [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'].entries())
  BASE64[char.charCodeAt(0)] = value

/**
 * The place in the sources of a place in a compiled file: the last mapping at or before it. Lines and columns count from 0.
 * Allocates nothing for the mappings that it passes. Their format: https://tc39.es/ecma426/#sec-mappings
 * @param {{ mappings: string, sources: string[] }} map
 * @param {number} line
 * @param {number} column
 * @returns {{ source: string, line: number, column: number } | null} null when nothing of a source is there
 */
export function sourcePlace({ mappings, sources }, line, column) {
  // Column of the compiled file, then source, line and column of the source, then a name. Each is a difference to the one before.
  const fields = [0, 0, 0, 0, 0]
  const found = { source: -1, line: 0, column: 0 }
  let [atLine, field, value, shift] = [0, 0, 0, 0]
  for (let i = 0; i <= mappings.length; i++) {
    const char = i < mappings.length ? mappings.charCodeAt(i) : SEMICOLON
    if (char !== COMMA && char !== SEMICOLON) {
      const digit = BASE64[char]
      value += (digit & 31) << shift
      shift += 5
      if (digit & 32) continue
      fields[field++] += value & 1 ? -(value >> 1) : value >> 1
      value = shift = 0
      continue
    }
    if (field > 0) {
      if (atLine === line && fields[0] > column) break
      found.source = field > 1 ? fields[1] : -1
      found.line = fields[2]
      found.column = fields[3]
      field = 0
    }
    if (char === SEMICOLON) {
      fields[0] = 0
      if (++atLine > line) break
    }
  }
  const source = sources[found.source]
  return source === undefined ? null : { source, line: found.line, column: found.column }
}
