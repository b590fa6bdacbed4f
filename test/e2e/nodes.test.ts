import { spawn } from 'node:child_process'
import { delimiter, dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, inject, it } from 'vitest'
import type { PresentedRun } from '../../src/campaign/present.ts'
import { findNode, OTHER_NODES } from '../support/node-versions.ts'
import { ask, ownSettings, type Program, ready, runProgram, until } from '../support/program.ts'

const APP = 'wxsimulated000001'
const HOURS_48 = 48 * 3_600_000
const root = fileURLToPath(new URL('../..', import.meta.url))
const say = (line: string) => process.stderr.write(`${line}\n`)
const others = OTHER_NODES.filter(({ version }) => `v${version}` !== process.version)
const found = await Promise.all(
  others.map(async (node) => ({ ...node, ...(await findNode(node.version, say)) })),
)

for (const node of found) {
  if (node.missing) say(`tests: Node ${node.version} is not tried: ${node.missing}`)
  const title = `on Node ${node.version}${node.missing ? ` (${node.missing})` : ''}`

  describe.skipIf(node.missing)(title, () => {
    const PATH = [dirname(node.path), process.env.PATH].join(delimiter)
    let program: Program | null = null
    let forget = () => {}
    afterEach(async () => {
      program?.process.kill('SIGTERM')
      await program?.exited
      forget()
    })

    it.skipIf(!inject('engineAddress'))(
      'npm start serves a follower from the follow to the last step',
      async () => {
        const { env, forget: remove } = await ownSettings()
        forget = remove
        program = runProgram('src/start.ts', { ...env, PATH }, node.path)
        const base = `http://127.0.0.1:${env.PORT}`
        const phone = `http://127.0.0.1:${env.SIMULATOR_PORT}/_sim/${APP}/oOtherNode`
        const run = () => ask<PresentedRun>(base, `/api/followers/${APP}/oOtherNode`)
        await ready(program)
        await ask(phone, '/act', { do: 'follow' })
        await ask(phone, '/act', { do: 'type', text: '1' })
        await until(
          async () => (await run().catch(() => null))?.steps.some((s) => s.state === 'sent') ?? false,
        )
        await ask(phone, '/fast-forward', { ms: HOURS_48 })
        await until(async () => (await run()).status === 'ended')
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

    if (!node.units) return
    it('the unit tests of src, activities and workflows pass', async () => {
      const { code, told } = await unitTests(node.path, PATH)
      const last = told.trimEnd().split('\n').at(-1)
      expect({ code, last }, told.slice(-8_000)).toEqual({
        code: 0,
        last: expect.stringMatching(/^\d{4,} passed, 0 failed/),
      })
    })
  })
}

/** What stands in `test/` and `bench/` of the tier reads files, and asks nothing of a Node. */
function unitTests(node: string, PATH: string): Promise<{ code: number | null; told: string }> {
  const args = ['scripts/test.mjs', '--project', 'unit', 'src/', 'activities/', 'workflows/']
  const env = { ...process.env, PATH, CI: '', NO_COLOR: '1' }
  const child = spawn(node, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] })
  let told = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (text) => {
      told += text
    })
  }
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, told }))
  })
}
