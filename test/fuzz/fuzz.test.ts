import { expect, it } from 'vitest'
import { createFindings, type Findings, watchProcess } from './findings.ts'
import { fuzzCallbacks } from './fuzz-callbacks.ts'
import { fuzzCampaigns } from './fuzz-campaigns.ts'
import { fuzzConsole } from './fuzz-console.ts'
import { startFuzzTarget } from './fuzz-target.ts'

/** Seeded, so that it finds the same today and tomorrow; `npm run fuzz` tries other seeds, for longer. */
const SEED = 1

async function withWatch(work: (findings: Findings) => Promise<void> | void): Promise<Findings> {
  const findings = createFindings()
  const watch = watchProcess(findings)
  await work(findings)
  watch.stop()
  return findings
}

it('broken callbacks are refused or taken: no fault, no stall, no secret told', async () => {
  const server = await startFuzzTarget()
  const findings = await withWatch(async (f) => {
    await fuzzCallbacks(server, f, { count: 20_000, seed: SEED })
  })
  await server.close()
  expect(findings.found).toEqual([])
  // Most must get past the signature, or the parser was never tried.
  const of = (status: string) => findings.counts.get(status) ?? 0
  expect(of('400')).toBeGreaterThan(1_000)
  expect(of('200')).toBeGreaterThan(1_000)
})

it('broken requests to console and codec get a page or a refusal: no fault, whoever asks', async () => {
  const server = await startFuzzTarget()
  const cookies = await server.signIn()
  const findings = await withWatch((f) => fuzzConsole(server, f, { count: 400, seed: SEED, cookies }))
  await server.close()
  expect(findings.found).toEqual([])
  const of = (status: number) => findings.counts.get(`console ${status}`) ?? 0
  expect(of(200)).toBeGreaterThan(15)
  expect(of(422) + of(400)).toBeGreaterThan(15)
})

it('broken campaign files are refused or taken: no fault, no stall', async () => {
  const findings = await withWatch((f) => fuzzCampaigns(f, { count: 300, seed: SEED }))
  expect(findings.found).toEqual([])
  expect(findings.counts.get('refused')).toBeGreaterThan(100)
})
