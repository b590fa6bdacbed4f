const BLOCK = /(<!-- bench (\S+) -->\n)[\s\S]*?(<!-- end of \2 -->)/g

/** The names of the page's blocks, in their order: the text between `<!-- bench NAME -->` and `<!-- end of NAME -->`. */
export function blockNames(page: string): string[] {
  return [...page.matchAll(BLOCK)].map(([, , name = '']) => name)
}

/** The page with the text of each block that `textOf` knows replaced. A block of which it returns null stays as it is. */
export function replaceBlocks(page: string, textOf: (name: string) => string | null): string {
  return page.replace(BLOCK, (whole, start: string, name: string, end: string) => {
    const text = textOf(name)
    return text === null ? whole : `${start}\n${text}\n\n${end}`
  })
}
