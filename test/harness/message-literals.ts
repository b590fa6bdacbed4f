import { readdirSync, readFileSync } from 'node:fs'
import ts from 'typescript'

const ROOT = new URL('../../', import.meta.url)

/** A text of a program that people may read. */
export interface Literal {
  /** `src/campaign/check.ts:44` */
  place: string
  /** The fixed parts; between them stand values. */
  parts: readonly string[]
}

/** Properties whose texts are for the OpenAPI document. */
const DOCUMENT = new Set(['summary', 'description', 'tags', 'operationId'])
/** Calls whose texts are for the log, for schemas and for the OpenAPI document. */
const NOT_SHOWN = /(?:^|\.)(?:describe|meta|jsonResponse|sql|prepare|exec)$|(?:^|\.)log\.\w+$/

/**
 * The texts with at least two words in the programs of some folders, without tests, comments, imports, log lines and the OpenAPI
 * document.
 * @param folders below the root of the repository, `src/campaign`; also single files
 */
export function literalsIn(folders: readonly string[]): Literal[] {
  return folders.flatMap(filesIn).flatMap((file) => {
    const text = readFileSync(new URL(file, ROOT), 'utf8')
    const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true)
    const found: Literal[] = []
    const visit = (node: ts.Node): void => {
      if (isNotShown(node)) return
      const parts = partsOf(node)
      const line = source.getLineAndCharacterOfPosition(node.getStart()).line + 1
      if (parts && isProse(parts)) found.push({ place: `${file}:${line}`, parts })
      ts.forEachChild(node, visit)
    }
    visit(source)
    return found
  })
}

function filesIn(path: string): string[] {
  if (/\.[jt]sx?$/.test(path)) return [path]
  return readdirSync(new URL(`${path}/`, ROOT), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.[jt]s$/.test(name) && !/\.(?:test|d)\.ts$/.test(name))
    .sort()
    .map((name) => `${path}/${name}`)
}

function isNotShown(node: ts.Node): boolean {
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node) || ts.isTypeNode(node)) return true
  if (ts.isPropertyAssignment(node)) return DOCUMENT.has(node.name.getText())
  if (ts.isTaggedTemplateExpression(node)) return NOT_SHOWN.test(node.tag.getText())
  return ts.isCallExpression(node) && NOT_SHOWN.test(node.expression.getText())
}

function partsOf(node: ts.Node): string[] | null {
  if (ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node)) return [node.text]
  if (!ts.isTemplateExpression(node)) return null
  return [node.head.text, ...node.templateSpans.map(({ literal }) => literal.text)]
}

/** Has a word beside a space: names, paths and patterns have none. */
function isProse(parts: readonly string[]): boolean {
  const text = parts.join('0')
  return /[A-Za-z]{2,} | [A-Za-z]{2,}/.test(text)
}

/** Whether a pattern of a table has the fixed parts of a literal, in order. A part of a sentence may stand anywhere in it. */
export function isIn(pattern: string, parts: readonly string[]): boolean {
  const isPart = /^[ ,;]/.test(parts[0] ?? '') || /[ ,;]$/.test(parts.at(-1) ?? '')
  const body = parts.map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('[\\s\\S]*')
  return new RegExp(isPart ? body : `^${body}$`).test(pattern)
}
