import { readdirSync, readFileSync } from 'node:fs'
import { historyFromJSON } from '@temporalio/common/lib/proto-utils.js'
import { Worker } from '@temporalio/worker'
import { describe, expect, it } from 'vitest'
import { createLog } from '../../src/shared/log.ts'
import { createReplayDataConverter } from '../../src/temporal/codec.ts'
import { runLogSinks } from '../../src/temporal/run-log-sinks.ts'
import { bundleWorkflows } from '../../src/temporal/workflow-bundle/workflow-bundle.ts'

const folder = new URL('../histories/', import.meta.url)
const files = readdirSync(folder).filter((name) => name.endsWith('.json'))

/** `npm run histories` writes the files. Those of released versions are never changed. */
describe('stored histories', () => {
  it('exist for every outcome that a run reaches by itself, by its follower or by a cancellation', () => {
    const outcomes = new Set(files.map((name) => outcomeOf(name)).filter((outcome) => outcome !== null))
    expect([...outcomes].sort()).toEqual([
      'cancelled',
      'completed',
      'opted-out',
      'unsubscribed',
      'window-closed',
    ])
  })

  it('replay with the current workflow', async () => {
    const histories = files.map((name) => ({
      workflowId: 'nurture/wxtest/oReplayed',
      history: readHistory(name),
    }))
    const failed: string[] = []
    let i = 0
    const workflowBundle = await bundleWorkflows()
    // As in production, which reads unencrypted histories with the same codec.
    const dataConverter = createReplayDataConverter({ current: 'test-encryption-key' })
    const sinks = runLogSinks(createLog('silent'))
    for await (const result of Worker.runReplayHistories(
      { workflowBundle, dataConverter, sinks },
      histories,
    )) {
      if (result.error) failed.push(`${files[i]}: ${result.error.message}`)
      i += 1
    }
    expect(failed).toEqual([])
    expect(i).toBe(files.length)
  })
})

function readHistory(name: string): ReturnType<typeof historyFromJSON> {
  return historyFromJSON(JSON.parse(readFileSync(new URL(name, folder), 'utf8')))
}

/** The outcome that the run returned; null for a run that continues as new. */
function outcomeOf(name: string): string | null {
  const end = readHistory(name).events?.at(-1)?.workflowExecutionCompletedEventAttributes
  const data = end?.result?.payloads?.[0]?.data
  return data ? JSON.parse(Buffer.from(data).toString()).outcome : null
}
