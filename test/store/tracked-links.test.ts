import { pino } from 'pino'
import { expect, it } from 'vitest'
import type { ActivityDeps, SendAccount } from '../../activities/deps.ts'
import { renderStep } from '../../activities/send/render-step.ts'
import type { SendInput } from '../../activities/send/send-input.ts'
import { beginRun } from '../../src/run/run-events.ts'
import { findLink } from '../../src/store/links/links.ts'
import { links } from '../../src/store/schema.ts'
import { planOfItems } from '../harness/file-plan.ts'
import { describeOnBothStores } from '../harness/stores.ts'

const NOW = 1_800_000_000_000
const ACCOUNT = { appId: 'wxA', name: 'A', timezone: 'Asia/Shanghai', variables: {} } as SendAccount
const PLAN = planOfItems('- { id: guide, send: { text: hi } }')

describeOnBothStores('the tracked links of a message', (store) => {
  /** Only these ports are used when a message without media is rendered. */
  const deps = (text: string) =>
    ({
      db: store().db,
      log: pino({ level: 'silent' }),
      now: () => NOW,
      publicUrl: 'https://n.example',
      messageOf: async () => ({ text }),
    }) as unknown as ActivityDeps
  const input = (key = 'run-1'): SendInput => {
    const entry = {
      at: NOW,
      seq: 1,
      key,
      event: 'subscribe' as const,
      qrScene: null,
      eventKey: null,
      text: null,
    }
    const grant = { scene: 'message' as const, grantedAt: NOW, expiresAt: NOW + 1, quota: 5, used: 0 }
    return { state: beginRun(PLAN, entry, []), index: 0, grant, leftMs: 1, now: NOW }
  }
  const textOf = async (text: string, key?: string) => {
    const rendered = await renderStep(deps(text), input(key), ACCOUNT)
    return 'body' in rendered ? (rendered.body.text as { content: string }).content : rendered.refused
  }
  const TEXT =
    "一 {{ 'https://example.com/a' | track: 'a' }} 二 {{ 'https://example.com/b' | track: 'b' }} 一 {{ 'https://example.com/a' | track: 'a' }}"

  it('are short links, one for each name, which lead to their addresses', async () => {
    const content = await textOf(TEXT)
    const [first = '', second = '', again] = content.match(/https:\/\/n\.example\/l\/\S+/g) ?? []
    expect(content).toBe(`一 ${first} 二 ${second} 一 ${first}`)
    expect(again).toBe(first)
    expect(await findLink(store().db, first.slice(-22))).toBe('https://example.com/a')
    expect(await findLink(store().db, second.slice(-22))).toBe('https://example.com/b')
    expect((await store().db.select().from(links)).map((l) => [l.runKey, l.stepId, l.name])).toEqual([
      ['run-1', 'guide', 'a'],
      ['run-1', 'guide', 'b'],
    ])
  })

  it('are the same in the next attempt of a send, and others in another run', async () => {
    const content = await textOf(TEXT)
    expect(await textOf(TEXT)).toBe(content)
    expect(await textOf(TEXT, 'run-2')).not.toBe(content)
    expect(await store().db.select().from(links)).toHaveLength(4)
  })

  it('are refused with the step when an address is none', async () => {
    expect(await textOf("{{ 'http://[x' | track: 'a' }}")).toMatch(/^cannot be rendered: The link "a" needs/)
    expect(await store().db.select().from(links)).toEqual([])
  })
})
