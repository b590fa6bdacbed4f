import { execFileSync } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { type AppHarness, startAppHarness } from '../harness/app-harness.ts'
import { waitFor } from '../harness/wait-for.ts'

const APP = 'wxmistakes000007'
const SERIES = `
id: series
name: series
entry: { event: subscribe }
steps: [{ id: gift, after: 0s, since: reply, send: { text: gift } }]
`
const BLOCK = Buffer.alloc(64 * 1024)

const disk = mountSmallDisk()

describe.skipIf(!disk || !inject('temporalAddress'))('a disk that is full below the embedded store', () => {
  let app: AppHarness
  const ballast = join(disk ?? '', 'ballast')
  beforeAll(async () => {
    // The store is retried for four seconds. On a busy machine WeChat's five seconds would end before the answer arrives.
    const answerWithinMs = 60_000
    app = await startAppHarness({
      temporalAddress: inject('temporalAddress'),
      dataDir: disk ?? '',
      answerWithinMs,
    })
    await app.addAccount({ appId: APP })
    await app.publish(SERIES)
  })
  afterAll(async () => {
    await app?.close()
    if (disk) execFileSync('umount', ['-l', disk])
    if (disk) rmSync(disk, { recursive: true, force: true })
  })
  const wechat = () => app.simulator.account(APP)
  const store = () => app.services.db

  /** Fills the disk completely, including the reserve of the store. */
  function fill(): void {
    const file = openSync(ballast, 'w')
    try {
      for (;;) writeSync(file, BLOCK)
    } catch {
      closeSync(file)
    }
  }

  it('makes callbacks fail, so that WeChat repeats them; with free space all continues, and nothing is lost', async () => {
    await wechat().follow('oBefore')
    await app.waitForRun(APP, 'oBefore', (r) => r.runId !== null)
    fill()
    // PostgreSQL stops itself when it cannot create the next file of its write-ahead log.
    await expect(
      (async () => {
        for (let i = 0; i < 3; i++) {
          await store().execute(
            `INSERT INTO settings VALUES ('full', '${i}', 1) ON CONFLICT (name) DO UPDATE SET value = EXCLUDED.value`,
          )
          await store().execute('SELECT pg_switch_wal()')
        }
      })(),
    ).rejects.toThrow()
    expect(await wechat().follow('oMeanwhile')).toMatchObject({ ok: false, status: 500 })

    rmSync(ballast)
    await waitFor(async () => (await wechat().follow('oMeanwhile')).ok)
    await app.waitForRun(APP, 'oMeanwhile', (r) => r.runId !== null)
    for (const openId of ['oBefore', 'oMeanwhile']) {
      await wechat().type(openId, '1')
      await app.waitForRun(APP, openId, (r) => r.outcome === 'completed')
      expect(wechat().sends.filter((s) => s.openId === openId)).toHaveLength(1)
    }
    await app.restart()
    await app.waitForRun(APP, 'oMeanwhile', (r) => r.outcome === 'completed')
  })
})

/** Mounts a file system of 90 MB. Returns null and prints a line where this user may not mount one. */
function mountSmallDisk(): string | null {
  const folder = mkdtempSync(join(tmpdir(), 'follower-nurture-disk-'))
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=90m', 'tmpfs', folder], { stdio: 'ignore' })
    return folder
  } catch {
    rmSync(folder, { recursive: true, force: true })
    process.stderr.write('tests: this user may not mount a tmpfs; the test of a full disk is skipped\n')
    return null
  }
}
