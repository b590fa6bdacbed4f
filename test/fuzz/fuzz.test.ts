import { expect, it } from 'vitest'
import { createFindings, type Findings, watchProcess } from './findings.ts'
import { fuzzCallbacks } from './fuzz-callbacks.ts'
import { fuzzCampaigns } from './fuzz-campaigns.ts'
import { fuzzConsole } from './fuzz-console.ts'
import { startFuzzTarget } from './fuzz-target.ts'

/** A fixed seed makes the result reproducible. `npm run fuzz` tries other seeds with more cases. */
const SEED = 1

async function withWatch(work: (findings: Findings) => Promise<void> | void): Promise<Findings> {
  const findings = createFindings()
  const watch = watchProcess(findings)
  await work(findings)
  watch.stop()
  return findings
}

it('malformed callbacks are rejected or accepted, without a server error, a stall or a disclosed secret', async () => {
  const server = await startFuzzTarget()
  const findings = await withWatch(async (f) => {
    await fuzzCallbacks(server, f, { count: 8_000, seed: SEED })
  })
  await server.close()
  expect(findings.found).toEqual([])
  // Enough callbacks must pass the signature check, or the parser is not tested.
  const of = (status: string) => findings.counts.get(status) ?? 0
  expect(of('400')).toBeGreaterThan(1_000)
  expect(of('200')).toBeGreaterThan(1_000)
})

it('malformed requests to console and codec get a page or a rejection, never a server error', async () => {
  const server = await startFuzzTarget()
  const cookies = await server.signIn()
  const findings = await withWatch((f) => fuzzConsole(server, f, { count: 400, seed: SEED, cookies }))
  await server.close()
  expect(findings.found).toEqual([])
  const of = (status: number) => findings.counts.get(`console ${status}`) ?? 0
  expect(of(200)).toBeGreaterThan(15)
  expect(of(422) + of(400)).toBeGreaterThan(15)
})

it('malformed campaign files are rejected or accepted, without an exception or a stall', async () => {
  const findings = await withWatch((f) => fuzzCampaigns(f, { count: 300, seed: SEED }))
  expect(findings.found).toEqual([])
  expect(findings.counts.get('refused')).toBeGreaterThan(100)
})
