// Checks the links of pages and comments: relative links of Markdown files and their anchors, `docs/….md#anchor` in code
// and comments, and paths of the repository in backticks. Prints each broken link, and exits with 1.
import { readFileSync } from 'node:fs'
import { dirname, join, posix } from 'node:path'
import GithubSlugger from 'github-slugger'
import { root, trackedFiles } from './tracked-files.mjs'

const files = trackedFiles()
const pages = files.filter((file) => file.endsWith('.md'))
const code = files.filter((file) => /\.(tsx?|mjs|cjs|sh|ya?ml)$/.test(file))
const known = new Set([...files, ...files.flatMap(foldersOf)])
const anchors = new Map(pages.map((page) => [page, anchorsOf(read(page))]))

const broken = [...pages.flatMap(checkPage), ...code.flatMap(checkCode)]
for (const line of broken) console.log(line)
console.log(broken.length === 0 ? 'no broken links' : `${broken.length} broken links`)
process.exit(broken.length === 0 ? 0 : 1)

function checkPage(page) {
  const text = withoutFences(read(page))
  const links = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link]) => link)
  const relative = links.filter((link) => !/^[a-z]+:/.test(link))
  const paths = [
    ...text.matchAll(
      /`((?:src|workflows|activities|test|scripts|bench|docs|campaigns|temporal-docker)\/[\w./-]*)`/g,
    ),
  ]
  return [
    ...relative.filter((link) => !isResolvable(page, link)).map((link) => `${page}: ${link}`),
    ...paths
      .map(([, path]) => path.replace(/\/$/, ''))
      .filter((path) => !known.has(path))
      .map((path) => `${page}: ${path}`),
  ]
}

function checkCode(file) {
  const links = [...read(file).matchAll(/\bdocs\/[\w./-]+\.md(?:#[\w-]+)?/g)].map(([link]) => link)
  return links.filter((link) => !isResolvable('', link)).map((link) => `${file}: ${link}`)
}

function isResolvable(page, link) {
  const [path, anchor] = link.split('#')
  const target =
    path === ''
      ? page
      : posix.normalize(posix.join(page === '' ? '.' : dirname(page), decodeURI(path))).replace(/\/$/, '')
  if (!known.has(target)) return false
  return anchor === undefined || (anchors.get(target)?.has(decodeURI(anchor)) ?? !target.endsWith('.md'))
}

function anchorsOf(text) {
  const slugger = new GithubSlugger()
  const headings = withoutFences(text).matchAll(/^#{1,6}\s+(.+?)\s*#*$/gm)
  return new Set(
    [...headings].map(([, heading]) => slugger.slug(heading.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1'))),
  )
}

function foldersOf(file) {
  const parts = file.split('/').slice(0, -1)
  return parts.map((_, i) => parts.slice(0, i + 1).join('/'))
}

function withoutFences(text) {
  return text.replace(/^ *(?:\d+\. |- )?(`{3,}|~{3,})[^\n]*\n[\s\S]*?^ *\1 *$/gm, '')
}

function read(file) {
  return readFileSync(join(root, file), 'utf8')
}
