import { describe, expect, it } from 'vitest'
import { blockNames, replaceBlocks } from './blocks.ts'

const page = `# Title

<!-- bench start -->

old

<!-- end of start -->

Text that stays.

<!-- bench due -->
<!-- end of due -->
`

describe('the blocks of a page', () => {
  it('are found in their order', () => {
    expect(blockNames(page)).toEqual(['start', 'due'])
  })

  it('get their new text, and the text around them stays', () => {
    const written = replaceBlocks(page, (name) => `new ${name}`)
    expect(written).toContain(
      '<!-- bench start -->\n\nnew start\n\n<!-- end of start -->\n\nText that stays.',
    )
    expect(written).toContain('<!-- bench due -->\n\nnew due\n\n<!-- end of due -->')
    expect(written).not.toContain('old')
    expect(replaceBlocks(written, (name) => `new ${name}`)).toBe(written)
  })

  it('keep their text when nothing is known of them', () => {
    expect(replaceBlocks(page, () => null)).toBe(page)
  })

  it('take a text with the signs of a replacement pattern as it is', () => {
    expect(replaceBlocks(page, () => "$& costs $1, $'")).toContain("\n$& costs $1, $'\n")
  })
})
