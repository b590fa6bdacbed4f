import { describe, expect, it } from 'vitest'
import { SLOW_UNIT_TIMEOUT_MS } from '../../test/harness/timeouts.ts'
import { browserScripts } from '../console/browser-scripts.ts'
import { simulatorScripts } from '../simulator/phone/simulator-scripts.ts'

/** Safari before 16.4 refuses it, when the expression is created. Libraries try it, and do without. */
const LOOKBEHIND = /\(\?<[=!]/
const TRIED = /try\{[^{}]*\}catch/g

describe.each([
  ['the console', browserScripts],
  ['the phone', simulatorScripts],
])('the scripts of %s', (_, scripts) => {
  it('have no regular expression that Safari 15.4 refuses', { timeout: SLOW_UNIT_TIMEOUT_MS }, async () => {
    const refused = [...(await scripts())].flatMap(([name, code]) => {
      const at = code.replace(TRIED, '').search(LOOKBEHIND)
      return at < 0 ? [] : [name]
    })
    expect(refused).toEqual([])
  })
})
