import { exitWithUsage, readOptions } from '../../scripts/read-options.ts'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { History } from '@temporalio/common/lib/proto-utils.js'
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js'
import { startTemporal } from '../harness/setup/temporal.ts'
import { startWorkflowHarness, makeStart, planOf, type TestFollower } from '../harness/workflow-harness.ts'

const USAGE = `npm run histories -- LABEL
  Runs every kind of run on a real Temporal server, and stores the histories as test/histories/LABEL-name.json. Run it once
  for each release. Every later version must replay these histories.
  LABEL  version of the release, such as v0.3.0`
const MINUTE = 60_000
const HOUR = 60 * MINUTE
const label = requiredLabel()

const welcome = planOf([
  { id: 'hint', afterMs: 20_000, when: 'not-replied' },
  { id: 'gift', afterMs: 0, since: 'reply' },
  { id: 'picture', afterMs: 10 * MINUTE, since: 'reply', kind: 'image', media: true },
  { id: 'day-1', afterMs: 22 * HOUR, since: 'reply' },
  { id: 'last', afterMs: 47 * HOUR, since: 'reply', ifLate: 'skip' },
])

const scenarios: Record<string, (f: TestFollower) => Promise<void>> = {
  async silent(f) {
    await f.start(welcome)
    await f.advance(49 * HOUR)
  },
  async replier(f) {
    await f.start(welcome)
    await f.interact('message', { text: '1' })
    await f.waitForState((s) => s.steps[1]?.state === 'sent')
    await f.advance(48 * HOUR)
  },
  async chatty(f) {
    await f.start(welcome)
    for (let i = 0; i < 10; i++) await f.interact('message', { text: `chat ${i}` })
    await f.waitForState((s) => s.steps[1]?.state === 'sent')
    await f.advance(48 * HOUR)
  },
  async unfollower(f) {
    await f.start(welcome)
    await f.waitForState(() => true)
    await f.unfollow()
  },
  async cancelled(f) {
    await f.start(welcome)
    await f.waitForState(() => true)
    await f.handle().cancel()
  },
  async 'cancelled-by-signal'(f) {
    await f.start(welcome)
    await f.handle().signal('cancel', 'asked by phone')
  },
  async paused(f) {
    await f.start(welcome)
    await f.handle().signal('pause')
    await f.advance(MINUTE)
    await f.handle().signal('resume')
    await f.interact('message', { text: '1' })
    await f.waitForState((s) => s.steps[1]?.state === 'sent')
    await f.advance(48 * HOUR)
  },
  async 'opted-out'(f) {
    await f.start(welcome)
    await f.interact('message', { text: 'TD' })
  },
  async 'held-and-released'(f) {
    await f.start(
      planOf([
        { id: 'a', afterMs: 2 * MINUTE },
        { id: 'b', afterMs: 3 * MINUTE },
      ]),
    )
    await f.advance(5 * MINUTE)
    await f.interact('message', { text: 'hi' })
    await f.advance(MINUTE)
  },
  async 'refused-by-wechat'(f) {
    const answers = ['window-over', 'quota-used', 'sent'] as const
    let n = 0
    f.answerSends((input) => ({ result: answers[n++] ?? 'sent', at: input.now, unclear: 0 }))
    await f.start(planOf([{ id: 'gift', afterMs: 0, since: 'reply' }]))
    for (const text of ['1', '2', '3']) {
      await f.interact('message', { text })
      await f.advance(10_000)
    }
  },
  async tagged(f) {
    f.wechat.attributes = () => ({ attributes: { tags: ['vip'], qrScene: 'expo', subscribeScene: 'ADD_SCENE_QR_CODE' } })
    await f.start(
      planOf([
        { id: 'mark', afterMs: 0, kind: 'tag', tag: ['new'] },
        { id: 'hello', afterMs: 5_000, when: { tag: 'vip' }, tag: ['greeted'], untag: ['new'] },
        { id: 'other', afterMs: 10_000, when: { subscribeScene: 'ADD_SCENE_SEARCH' } },
        { id: 'named', afterMs: 15_000, needsAttributes: true },
      ]),
    )
    await f.advance(MINUTE)
  },
  async 'tag-refused-attributes-unknown'(f) {
    f.wechat.tags = () => ({ result: 'refused', reason: 'tag-refused', errcode: 45059 })
    f.wechat.attributes = () => ({ unknown: 'no answer', errcode: null })
    await f.start(
      planOf([
        { id: 'mark', afterMs: 0, kind: 'tag', tag: ['new'] },
        { id: 'vip', afterMs: 5_000, when: { tag: 'vip' } },
      ]),
    )
    await f.advance(MINUTE)
  },
  async 'unfollows-while-asked'(f) {
    let markAsked = () => {}
    let answer = () => {}
    const isAsked = new Promise<void>((resolve) => {
      markAsked = resolve
    })
    const answered = new Promise<void>((resolve) => {
      answer = resolve
    })
    f.wechat.attributes = async () => {
      markAsked()
      await answered
      return { attributes: { tags: ['vip'], qrScene: '', subscribeScene: '' } }
    }
    await f.start(planOf([{ id: 'vip', afterMs: 0, when: { tag: 'vip' } }]))
    await isAsked
    await f.unfollow()
    answer()
  },
  async 'follows-again'(f) {
    await f.start(welcome)
    await f.waitForState(() => true)
    await f.unfollow()
    const start = makeStart(welcome, f.entryAt + 5_000)
    await f.interact('subscribe', { start, at: start.entry.at, key: start.entry.key })
    const startedAt = new Date(start.entry.at).toISOString()
    await f.waitForState((s) => s.startedAt === startedAt)
    await f.handle().signal('cancel')
  },
}

const dataDir = mkdtempSync(join(tmpdir(), 'follower-nurture-histories-'))
const print = (line: string) => process.stderr.write(`${line}\n`)
const server = await startTemporal(dataDir, { print })
// Not encrypted, so that a developer of the workflow can read them.
const harness = await startWorkflowHarness(server.address, { encrypt: false })
for (const [name, run] of Object.entries(scenarios)) {
  const follower = harness.follower()
  await run(follower)
  await follower.handle().result()
  await store(name, await follower.handle().fetchHistory(), follower)
}
await harness.close()
await server.stop()
rmSync(dataDir, { recursive: true, force: true })
process.exit(0)

/** For a run that continues another one, also the history before: its end is a decision too. */
async function store(name: string, history: History, follower: TestFollower): Promise<void> {
  // The OpenID of the test follower is replaced, so that no history contains one.
  const json = historyToJSON(history).replaceAll(follower.openId, 'oReplayed')
  writeFileSync(new URL(`./${label}-${name}.json`, import.meta.url), `${json}\n`)
  print(`${label}-${name}.json: ${history.events?.length} events`)
  const before = history.events?.[0]?.workflowExecutionStartedEventAttributes?.continuedExecutionRunId
  if (!before) return
  const { workflowId } = follower
  await store(`${name}-before`, await harness.client.workflow.getHandle(workflowId, before).fetchHistory(), follower)
}

/** There is no default: it would overwrite the histories of a release. */
function requiredLabel(): string {
  const { positionals } = readOptions(USAGE, { allowPositionals: true })
  const [given, ...extra] = positionals
  if (given === undefined) return exitWithUsage(USAGE, 'The label is missing.')
  if (extra.length > 0) exitWithUsage(USAGE, `Unexpected argument '${extra[0]}'.`)
  if (!/^v\d+\.\d+\.\d+$/.test(given))
    exitWithUsage(USAGE, `The label '${given}' is not a version such as v0.3.0.`)
  return given
}
