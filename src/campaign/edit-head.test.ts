import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { checkCampaign } from './check.ts'
import { headText, withHead } from './edit-head.ts'

const FOLDER = new URL('../../campaigns/', import.meta.url)
const FILES = readdirSync(FOLDER).filter((name) => name.endsWith('.yaml'))
const head = { id: 'copy-2', name: '欢迎：第二份 "A"', accounts: ['wxcopy0000000001'] }

describe('a copy of a campaign file', () => {
  it.each(FILES)('of %s has the new head, and every other character', (name) => {
    const source = readFileSync(new URL(name, FOLDER), 'utf8')
    const copy = withHead(source, head)
    const { campaign, issues } = checkCampaign(copy ?? '')
    expect(issues).toEqual([])
    expect(campaign).toMatchObject(head)
    const before = checkCampaign(source).campaign
    expect({ ...campaign, ...pick(before) }).toEqual(before)
    const comments = (text: string) => text.match(/#.*/g)
    expect(comments(copy ?? '')).toEqual(comments(source))
  })

  it.each(FILES)('of %s serves every account when none is chosen', (name) => {
    const source = readFileSync(new URL(name, FOLDER), 'utf8')
    const { campaign } = checkCampaign(withHead(source, { ...head, accounts: null }) ?? '')
    expect(campaign).toMatchObject({ id: 'copy-2' })
    expect(campaign?.accounts).toBeUndefined()
  })

  it('gets the fields that the file lacks', () => {
    expect(withHead('# own\nsteps: []\n', head)).toBe(
      '# own\naccounts: [wxcopy0000000001]\nid: copy-2\nname: "欢迎：第二份 \\"A\\""\nsteps: []\n',
    )
    expect(withHead('{"steps": []}', { ...head, name: 'x' })).toContain('"id": "copy-2"')
  })

  it('quotes an id that YAML reads as a number', () => {
    expect(withHead('id: a\nname: b\n', { id: '007', name: 'yes', accounts: null })).toBe(
      'id: "007"\nname: "yes"\n',
    )
  })

  it.each(['', '- a\n', 'a: [', 'name: |\n  two\n  lines\n'])('is not made of %j', (source) => {
    expect(withHead(source, head)).toBeNull()
  })
})

describe('headText', () => {
  it('reads a name as it is written, and nothing of a broken file', () => {
    expect(headText('name: 欢迎 # c\n', 'name')).toBe('欢迎')
    expect(headText('name: [a]\n', 'name')).toBeNull()
    expect(headText('name: [a\n', 'name')).toBeNull()
  })
})

const pick = (campaign: object | null) => {
  const { id, name, accounts } = (campaign ?? {}) as Record<string, unknown>
  return { id, name, accounts }
}
