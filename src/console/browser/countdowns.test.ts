import { afterEach, expect, it, vi } from 'vitest'
import { countdowns } from './countdowns.ts'

const at = (time: string) => Date.parse(`2026-12-01T${time}Z`)

afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

it('counts down from the time of the page, and not from the time of the browser', () => {
  vi.useFakeTimers({ now: at('01:00:00') })
  const dateTime = '2026-12-01T12:00:00Z'
  const element = { dateTime, dataset: { until: String(at('11:00:00')) }, textContent: '' }
  vi.stubGlobal('document', { querySelectorAll: () => [element] })
  countdowns()
  expect(element.textContent).toBe('1:00:00')
  vi.advanceTimersByTime(5_000)
  expect(element.textContent).toBe('59:55')
  // An update of the page writes the same element again, after another fast-forward.
  element.dataset.until = String(at('11:50:00'))
  vi.advanceTimersByTime(1_000)
  expect(element.textContent).toBe('10:00')
})
