import type { Campaign } from '../../../src/campaign/model.ts'
import { MINUTE_MS, SECOND_MS } from '../../../src/shared/time-units.ts'
import { waitFor } from '../wait-for.ts'
import { type Part, type Played, playPart } from './player.ts'
import type { Play } from './plays.ts'
import type { Stage } from './stage.ts'
import { differences, expectedMessages, linesOf, patternOf, traceOfLines, traceOfRun } from './trace.ts'

/** The comparison is to the minute. */
const TOLERANCE_MS = MINUTE_MS

/** Plays one follower, and tells every difference between what he got and what the page and a preview say. */
export async function differencesOf(stage: Stage, play: Play): Promise<string[]> {
  const part = play.part(Date.now())
  const played = await playPart(stage, part)
  const { run, entryAt, preview, reply } = played
  const { plan, campaign } = part.example
  const found = traceOfRun(plan, run, entryAt)
  const branches = found.forks.map(({ text }) => text.slice(2))
  return [
    ...labelled('preview', differences(found, traceOfLines(linesOf(preview, entryAt)), TOLERANCE_MS)),
    ...labelled('page', play.kept ? differences(found, traceOfLines(play.kept), TOLERANCE_MS) : []),
    ...labelled('branches', branches.join() === play.branches.join() ? [] : [branches.join()]),
    ...labelled('received', receivedDifferences(stage, part, played)),
    ...labelled('reply', replyFits(campaign, reply) ? [] : [String(reply)]),
    ...labelled('warning', run.state.warnings),
    ...labelled('effects', await effectDifferences(stage, part, played)),
  ]
}

const labelled = (label: string, lines: readonly string[]) => lines.map((line) => `${label}: ${line}`)

/** The messages at WeChat, against those of the preview with the texts of the file. */
function receivedDifferences(
  stage: Stage,
  { example, openId }: Part,
  { entryAt, preview }: Played,
): string[] {
  const expected = expectedMessages(example.campaign, example.plan, preview, entryAt)
  const received = stage.app.simulator
    .account(example.appId)
    .sends.filter((s) => s.openId === openId && s.delivered && s.virtualAt >= entryAt - SECOND_MS)
  if (received.length !== expected.length) return [`${received.length} messages, and not ${expected.length}`]
  return expected.flatMap(({ step, kind, content, afterMs }, i) => {
    const { body = {} as Record<string, unknown>, virtualAt = Number.NaN } = received[i] ?? {}
    const { text, news } = body as { text?: { content: string }; news?: { articles: { title: string }[] } }
    const isSame = body.msgtype === kind && content.test(text?.content ?? news?.articles[0]?.title ?? '')
    const isInTime = Math.abs(virtualAt - entryAt - afterMs) <= TOLERANCE_MS
    return isSame && isInTime ? [] : [`${step}: ${JSON.stringify(body)} after ${virtualAt - entryAt} ms`]
  })
}

function replyFits({ reply }: Campaign, found: string | null): boolean {
  const { text } = (reply ?? {}) as { text?: string }
  return text === undefined ? found === null : found !== null && patternOf(text).test(found)
}

/** What the steps that were done change elsewhere: webhooks that were told, once each, and tags at WeChat. */
async function effectDifferences(
  stage: Stage,
  { example, openId }: Part,
  { run }: Played,
): Promise<string[]> {
  const done = new Set(run.state.steps.flatMap(({ id, state }) => (state === 'sent' ? [id] : [])))
  const steps = example.plan.steps.filter(({ id }) => done.has(id))
  const hooks = steps.flatMap(({ id, acts }) => (acts?.webhook === undefined ? [] : [id]))
  const told = () =>
    stage.webhooks
      .filter((w) => w.openId === openId && w.campaign === example.campaign.id)
      .map(({ step }) => step)
  await waitFor(told, { until: (all) => all.length >= hooks.length })
  const tags = stage.app.simulator.account(example.appId).tags(openId)
  const missing = steps.flatMap(({ tag = [] }) => tag.filter((name) => !tags.includes(name)))
  return [
    ...(told().join() === hooks.join() ? [] : [`webhooks of ${told().join()}, and not ${hooks.join()}`]),
    ...missing.map((name) => `no tag ${name}`),
  ]
}
