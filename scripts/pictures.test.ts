import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { SCREENS } from '../test/harness/pictures/screens.ts'
import { SLOW_UNIT_TIMEOUT_MS } from '../test/harness/timeouts.ts'
import { LIVE_SCREEN_NAMES, SCREEN_NAMES } from './screen-names.mjs'

const script = fileURLToPath(new URL('pictures.mjs', import.meta.url))

it('knows the name of every screen', () => {
  expect(SCREENS.map(({ name }) => name)).toEqual([...SCREEN_NAMES])
})

it.each([[['overview', 'ovreview']], [['--help']], [['all']], [['overview,editor']]])(
  'refuses %j with the names of all screens, and takes no picture',
  (args) => {
    const { status, stderr } = spawnSync(process.execPath, [script, ...args], { encoding: 'utf8' })
    expect(status).toBe(2)
    for (const name of [...SCREEN_NAMES, ...LIVE_SCREEN_NAMES]) expect(stderr).toContain(name)
  },
  SLOW_UNIT_TIMEOUT_MS,
)
