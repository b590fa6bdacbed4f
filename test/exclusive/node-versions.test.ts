import { spawn } from 'node:child_process'
import { delimiter, dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, inject, it } from 'vitest'
import type { PresentedRun } from '../../src/run/present.ts'
import { findNode, OTHER_NODE_VERSIONS } from '../harness/process/node-versions.ts'
import {
  callApi,
  isolatedSettings,
  type Program,
  spawnProgram,
  waitUntilReady,
} from '../harness/process/program.ts'
import { waitFor } from '../harness/wait-for.ts'

const APP = 'wxsimulated000001'
const HOURS_48 = 48 * 3_600_000
const root = fileURLToPath(new URL('../..', import.meta.url))
const print = (line: string) => process.stderr.write(`${line}\n`)
const otherVersions = OTHER_NODE_VERSIONS.filter(({ version }) => `v${version}` !== process.version)
const found = await Promise.all(
  otherVersions.map(async (node) => ({ ...node, ...(await findNode(node.version, print)) })),
)

for (const node of found) {
  if (node.missing) print(`tests: Node ${node.version} is not tested: ${node.missing}`)
  const title = `on Node ${node.version}${node.missing ? ` (${node.missing})` : ''}`

  describe.skipIf(node.missing)(title, () => {
    const PATH = [dirname(node.path), process.env.PATH].join(delimiter)
    let program: Program | null = null
    let cleanUp = () => {}
    afterEach(async () => {
      program?.process.kill('SIGTERM')
      await program?.exited
      cleanUp()
    })

    it.skipIf(!inject('temporalAddress'))(
      'npm start serves a follower from the follow to the last step',
      async () => {
        const { env, cleanUp: remove } = await isolatedSettings()
        cleanUp = remove
        program = spawnProgram('src/start.ts', { ...env, PATH }, node.path)
        const base = `http://127.0.0.1:${env.PORT}`
        const phone = `http://127.0.0.1:${env.SIMULATOR_PORT}/_sim/${APP}/oOtherNode`
        const run = () => callApi<PresentedRun>(base, `/api/followers/${APP}/oOtherNode`)
        await waitUntilReady(program)
        await callApi(phone, '/act', { do: 'follow' })
        await callApi(phone, '/act', { do: 'type', text: '1' })
        await waitFor(
          async () => (await run().catch(() => null))?.steps.some((s) => s.state === 'sent') ?? false,
        )
        await callApi(phone, '/fast-forward', { ms: HOURS_48 })
        await waitFor(async () => (await run()).status === 'ended')
        expect(await run()).toMatchObject({
          outcome: 'completed',
          steps: [{ state: 'skipped', reason: 'replied' }, ...Array(4).fill({ state: 'sent' })],
        })
        const metrics = await fetch(`${base}/metrics`, {
          headers: { authorization: 'Bearer test-admin-token' },
        })
        expect(await metrics.text()).toContain(`version="v${node.version}"`)
        program.process.kill('SIGTERM')
        expect(await program.exited).toBe(0)
        expect(program.stderr()).not.toMatch(/Warning/)
      },
    )

    if (!node.runsUnitTests) return
    it('the unit tests of src, activities and workflows pass', async () => {
      const { code, output } = await unitTests(node.path, PATH)
      const last = output.trimEnd().split('\n').at(-1)
      expect({ code, last }, output.slice(-8_000)).toEqual({
        code: 0,
        last: expect.stringMatching(/^\d{4,} passed, 0 failed/),
      })
    })
  })
}

/**
 * Unit tests in `test/` and `bench/` only read files, so the version of Node does not matter to them. Few random cases show
 * that the code of a property runs on that version; `npm test` tries 2,000.
 */
function unitTests(node: string, PATH: string): Promise<{ code: number | null; output: string }> {
  const args = ['scripts/test.mjs', '--project', 'unit', 'src/', 'activities/', 'workflows/']
  const env = { ...process.env, PATH, CI: '', NO_COLOR: '1', PROPERTY_RUNS: '100' }
  const child = spawn(node, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (text) => {
      output += text
    })
  }
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, output }))
  })
}
