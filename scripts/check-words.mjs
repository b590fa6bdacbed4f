// Checks that one thing has one name: finds words that the glossary (docs/architecture.md#glossary) replaced, in code,
// comments, tests and pages. Prints each place with the word to use, and exits with 1. The CHANGELOG may name old words.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root, trackedFiles } from './tracked-files.mjs'

/** Lines that must name a replaced word: names that the outside contract fixes, and other programs' own names. */
const FIXED =
  /nurture_engine_up|engine['"]?: ?['"]?(up|down)|field `engine`|engine: temporal \?|\bengine['"]?: z\.|engine\??: string|join\(cacheDir, 'engine'\)|"?engines"?[ `:]|engines\.node/

/** Replaced word (a pattern, whole words, any case) → what to write. */
const REPLACED = [
  // Prose
  ['mend(s|ed|ing|able)?', 'fix'],
  ['reckon(s|ed|ing)?', 'compute, estimate'],
  ['small letters', 'lowercase'],
  ['doors?', 'entry point, listener'],
  ['aloud', 'with a message'],
  ['clock on the wall', 'wall-clock time'],
  ['for ever', 'indefinitely'],
  ['whose (they were|it was)', 'personal data'],
  ['what was said', 'personal data'],
  ['(kept|keeps?|keeping) back|keptback|keepback', 'deferred, defer'],
  ['in turns', 'round-robin, alternating'],
  ['flood(s|ed|ing)?', 'burst, overload'],
  ['only ours', 'application only'],
  ['(is|are) no failures?', 'is not an error'],
  ['wants', 'needs'],
  ['being there', 'availability'],
  ['last word', 'final snapshot'],
  ['behind (our|its|their) back', 'outside the application'],
  ['left alone', 'skipped, circuit open'],
  ['takes? nobody in', 'accepts no new followers'],
  ['left behind', 'still running, not stopped'],
  ['by halves', 'partially'],
  ['without leave', 'unexpected'],
  ['stands at', 'is at'],
  ['anew', 'again'],
  ['nudge[sd]?', 'wake'],
  ['deeds?', 'action'],
  ['desks?', 'controller, harness'],
  ['wish(es|ed)?', 'request'],
  ['troubles?', 'error, problem'],
  ['owed', 'debt, challenge'],
  ['strangers?', 'unauthenticated, anonymous client'],
  ['strays?', 'open execution without a run'],
  ['oddit(y|ies)', 'ignored signal'],
  ['engines?', 'Temporal, Temporal server'],
  ['hears?|heard|hearing', 'receive, apply'],
  ['pass(es|ed)? on|passing on|passon', 'forward'],
  ['forgets?|forgot|forgotten|forgetting', 'erase'],
  ['ours|mine', 'a noun'],
  ['retag(s|ged)?', 'apply tag changes'],
  ['gates?', 'throttle'],
  ['furnish(es|ed)?', 'prepare'],
  ['patien(ce|t|tly)', 'with retries, timeouts'],
  ['mistakes?', 'error'],
  ['inflicts?', 'inject'],
  ['nasty', 'malicious'],
  ['(gives?|gave|given|giving) up', 'stop retrying, stop waiting'],
  ['(starts?|started) over', 'continue as new'],
  // Identifiers
  ['whose', 'FollowerKey, follower (as a name)', /\b(Whose|whose\s*[:.,)=])/],
]
const CHECKED =
  /\.([cm]?js|tsx?|go|java|py|md|sh|ya?ml|json|css|sql)$|(^|\/)(Caddyfile|Dockerfile)$|^\.ci\/run$/
const SKIPPED = [
  /^CHANGELOG\.md$/,
  /package-lock\.json$/,
  /^src\/store\/migrations\//,
  /^test\/histories\/.*\.json/,
]
const SELF = 'scripts/check-words.mjs'
const patterns = REPLACED.map(([word, use, pattern]) => ({
  use,
  pattern: pattern ?? new RegExp(`(?<![A-Za-z])(${word})(?![a-z])`, 'i'),
}))

const files = trackedFiles()
  .filter((file) => CHECKED.test(file))
  .filter((file) => file !== SELF && !SKIPPED.some((skipped) => skipped.test(file)))
const only = process.argv.slice(2)
const found = files
  .filter((file) => only.length === 0 || only.some((prefix) => file.startsWith(prefix)))
  .flatMap(checkFile)
for (const line of found) console.log(line)
console.log(found.length === 0 ? 'no replaced word is used' : `${found.length} replaced words are used`)
process.exit(found.length === 0 ? 0 : 1)

function checkFile(file) {
  const lines = readFileSync(join(root, file), 'utf8').split('\n')
  return lines.flatMap((line, index) => {
    if (FIXED.test(line)) return []
    return patterns
      .map(({ use, pattern }) => ({ use, word: pattern.exec(line)?.[0] }))
      .filter(({ word }) => word !== undefined)
      .map(({ use, word }) => `${file}:${index + 1}: "${word}" → ${use}`)
  })
}
