import { describe, expect, it } from 'vitest'
import { renderPart } from '../../../test/harness/render-part.tsx'
import type { OneFollower } from '../read-follower.ts'
import type { Language } from '../texts/bilingual.ts'
import { ConversationCard } from './follower-conversation.tsx'

/** 20:00 in Beijing. */
const EVENING = Date.parse('2026-12-01T12:00:00Z')
const HOUR = 3_600_000
const followed = (at: number) => ({
  at,
  type: 'event',
  event: { kind: 'subscribe', scene: null, qrScene: null, eventKey: null, text: null, reply: null },
})

interface Shown {
  now?: number
  past?: object[]
  isAhead?: boolean
  status?: string
  language?: Language
  simulatorUrl?: string | null
}

/** The lines in the middle of the chat. */
function linesOf(shown: Shown): string[] {
  const { now = EVENING, past = [], isAhead = false, status = 'active', language = 'zh' } = shown
  const { simulatorUrl = 'http://phone.test' } = shown
  const conversation = { past, future: [], waiting: [], grants: [] }
  const follower = { conversation, now, isAhead, run: { status }, models: [] } as unknown as OneFollower
  const html = renderPart(<ConversationCard follower={follower} />, language, { simulatorUrl })
  return [...html.matchAll(/<li class="chat-line [^>]*>(.*?)<\/li>/gs)].map(([, line = '']) =>
    line.replaceAll(/<[^>]+>/g, '').trim(),
  )
}

describe('the line of now on the page of a follower', () => {
  it('stands below its day where nothing has happened yet', () => {
    expect(linesOf({})).toEqual(['12 月 1 日', '现在 20:00'])
    expect(linesOf({ language: 'en' })).toEqual(['1 Dec', 'now 20:00'])
  })

  it('has no day where the last happening was on the same one', () => {
    const lines = linesOf({ past: [followed(EVENING - HOUR)] })
    expect(lines).toEqual(['12 月 1 日', '19:00:00 关注', '现在 20:00'])
  })

  it('has its day where the last happening was before', () => {
    const lines = linesOf({ now: EVENING + 13 * HOUR, past: [followed(EVENING)] })
    expect(lines).toEqual(['12 月 1 日', '20:00:00 关注', '12 月 2 日', '现在 09:00'])
  })

  it('says that the clock was moved forward in the simulation, and only there', () => {
    expect(linesOf({ isAhead: true }).at(-1)).toBe('现在 20:00（时钟已快进）')
    expect(linesOf({ isAhead: true, language: 'en' }).at(-1)).toBe('now 20:00 (clock moved forward)')
    expect(linesOf({ isAhead: true, simulatorUrl: null }).at(-1)).toBe('现在 20:00')
  })

  it('is not there when the run has ended', () => {
    expect(linesOf({ status: 'ended' })).toEqual([])
  })
})
