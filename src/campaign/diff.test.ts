import { describe, expect, it } from 'vitest'
import { checkCampaign } from './check.ts'
import { describeChange } from './describe-change.ts'
import { diffCampaigns } from './diff.ts'
import type { Campaign } from './model.ts'

function campaign(steps: string, more = ''): Campaign {
  const source = `id: course\nname: 小课\nentry: { event: subscribe }\n${more}steps:\n${steps}`
  const { campaign: checked, issues } = checkCampaign(source)
  if (!checked) throw new Error(JSON.stringify(issues))
  return checked
}

/** The differences as English sentences. */
const words = (before: Campaign, after: Campaign) =>
  diffCampaigns(before, after).map((change) => describeChange(change).en)

const HINT = '  - { id: hint, after: 20s, send: { text: 还在吗 } }\n'
const GIFT = '  - { id: gift, after: 40s, send: { text: 资料 } }\n'
const LAST = '  - { id: last, after: 10m, send: { text: 再见 } }\n'
const fork = (a: string, b: string, more = '') =>
  `  - id: ask\n    wait: 10m\n${more}    branches:\n      - name: yes please\n        on: { keywords: [好] }\n        steps: [${a}]\n      - on: { keywords: [不] }\n        steps: [${b}]\n`
const A = '{ id: a, after: 5s, send: { text: A } }'
const B = '{ id: b, after: 5s, send: { text: B } }'

describe('the differences between two versions', () => {
  it('are none when the file says the same in another form', () => {
    const same = campaign('  - { id: hint, send: { text: "还在吗" }, after: 20s } # asks\n')
    expect(diffCampaigns(campaign(HINT), same)).toEqual([])
  })

  it('name step and field, with durations in words', () => {
    const after = campaign(HINT.replace('20s', '2m').replace('还在吗', '您还在吗') + GIFT)
    expect(words(campaign(HINT + GIFT), after)).toEqual([
      'step hint: after changed from 20s to 2m',
      'step hint: send.text changed from 还在吗 to 您还在吗',
    ])
    const [first] = diffCampaigns(campaign(HINT), campaign(HINT.replace('20s', '2m')))
    expect(first).toEqual({
      kind: 'changed',
      of: 'step',
      id: 'hint',
      field: 'after',
      from: 20_000,
      to: 120_000,
    })
    expect(first && describeChange(first).zh).toBe('步骤 hint：after 由 20s 改为 2m')
  })

  it('have added and removed steps with their places', () => {
    expect(words(campaign(HINT + LAST), campaign(HINT + GIFT))).toEqual([
      'step gift: added after hint',
      'step last: removed; it was after hint',
    ])
  })

  it('have the fields of the campaign itself', () => {
    const after = campaign(HINT, 'quiet: { from: "22:00", to: "08:00" }\naccounts: [wxa]\nwindow: 24h\n')
    expect(words(campaign(HINT, 'reentry: never\n'), after)).toEqual([
      'campaign: accounts added: ["wxa"]',
      'campaign: quiet added: {"from":"22:00","to":"08:00"}',
      'campaign: window changed from 48h to 24h',
      'campaign: reentry changed from never to always',
    ])
  })

  it('have the fewest moves: a step that goes to the end has moved, the others have not', () => {
    expect(words(campaign(HINT + GIFT + LAST), campaign(GIFT + LAST + HINT))).toEqual([
      'step hint: moved after last; it was at the beginning',
    ])
  })

  it('follow a step into a branch, and compare branches by their names', () => {
    const before = campaign(GIFT + fork(A, B))
    const moved = campaign(fork(`${A}, { id: gift, after: 40s, send: { text: 资料 } }`, B))
    expect(words(before, moved)).toEqual([
      'step gift: moved after a in ask / yes please; it was at the beginning',
    ])
    const changed = campaign(GIFT + fork(A, B).replace('[不]', '[不要]').replace('wait: 10m', 'wait: 1h'))
    expect(words(before, changed)).toEqual([
      'fork ask: wait changed from 10m to 1h',
      'fork ask: branches.branch 2.on.keywords changed from ["不"] to ["不要"]',
    ])
  })

  it('have an end that is added to a branch', () => {
    expect(words(campaign(fork(A, B)), campaign(fork(`${A}, end`, B)))).toEqual([
      'step end of ask / yes please: added after a in ask / yes please',
    ])
  })
})
