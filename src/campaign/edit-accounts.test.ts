import { describe, expect, it } from 'vitest'
import { checkCampaign } from './check.ts'
import { withAccounts } from './edit-accounts.ts'

const REST = `name: 小课 # the name
entry: { keywords: [007] }
steps:
  - { id: a, after: 5s, send: { text: "#1" } }
`
const accountsOf = (source: string | null) => checkCampaign(source ?? '').campaign?.accounts

describe('other accounts in a campaign file', () => {
  it.each([
    [
      'a list in one line',
      `id: x\naccounts: [wxa, "wxb"] # two\n${REST}`,
      `id: x\naccounts: [wxa, wxc] # two\n${REST}`,
    ],
    [
      'a list with lines',
      `id: x\naccounts:\n  - wxa\n  - wxb\n${REST}`,
      `id: x\naccounts: [wxa, wxc]\n${REST}`,
    ],
    [
      'a list at the margin',
      `id: x\naccounts:\n- wxa\n\n# more\n${REST}`,
      `id: x\naccounts: [wxa, wxc]\n\n# more\n${REST}`,
    ],
    ['none', `# first\nid: x\n${REST}`, `# first\naccounts: [wxa, wxc]\nid: x\n${REST}`],
    ['a list at the end', `id: x\n${REST}accounts:\n  - wxa`, `id: x\n${REST}accounts: [wxa, wxc]`],
  ])('replace %s, and nothing else', (_, source, expected) => {
    expect(withAccounts(source, ['wxa', 'wxc'])).toBe(expected)
    expect(accountsOf(expected)).toEqual(['wxa', 'wxc'])
  })

  it('stay JSON in a JSON file', () => {
    const steps = '"steps":[{"id":"a","after":"5s","send":{"text":"hi"}}]}'
    const rest = `"id":"x","name":"x","entry":{"event":"subscribe"},${steps}`
    const added = withAccounts(`{${rest}`, ['wxa'])
    expect(added).toBe(`{"accounts": ["wxa"], ${rest}`)
    expect(withAccounts(`{"accounts":["wxb"],${rest}`, ['wxa'])).toBe(`{"accounts":["wxa"],${rest}`)
    expect(JSON.parse(added ?? '')).toMatchObject({ accounts: ['wxa'] })
  })

  it('quote an id that YAML would read as something else', () => {
    expect(withAccounts(`id: x\n${REST}`, ['1e5'])).toContain('accounts: ["1e5"]\n')
  })

  it('are not written into a file that cannot be changed in place', () => {
    expect(withAccounts('- a\n', ['wxa'])).toBeNull()
    expect(withAccounts(`id: x\naccounts: &list [wxa]\n${REST}`, ['wxb'])).toBeNull()
    expect(withAccounts('id: [\n', ['wxa'])).toBeNull()
  })
})
