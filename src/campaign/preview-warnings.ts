import { SECOND_MS } from '../shared/time-units.ts'
import { RULES, type RulesProfileName } from '../wechat/rules/rules.ts'
import { describeDuration } from './duration.ts'
import { sceneOfEntry } from './event-index.ts'
import type { Issue } from './issue.ts'
import { entriesOf, stepsOf } from './items.ts'
import type { Campaign } from './model.ts'
import { type PreviewEvent, previewCampaign } from './preview.ts'

/**
 * Warnings about steps that no grant can pay. Simulates a follower who never replies, and one who replies after ten seconds.
 */
export function previewWarnings(campaign: Campaign, rules: RulesProfileName): Issue[] {
  const heldSteps = (events: PreviewEvent[]) =>
    new Map(
      previewCampaign({ campaign, rules, events })
        .filter((line) => line.reason === 'no-grant')
        .map((line) => [line.step, line.atMs]),
    )
  const whenSilent = heldSteps([])
  const whenReplying = heldSteps([{ atMs: 10 * SECOND_MS, do: 'reply' }])
  return stepsOf(campaign).flatMap(({ path, step }): Issue[] => {
    const consequence = step.ifLate === 'skip' ? 'it will be skipped' : 'it will be held'
    const dueMs = whenSilent.get(step.id)
    if (dueMs !== undefined && step.since !== 'reply') {
      return [
        {
          path: `${path}.after`,
          message: `step ${step.id} is due ${describeDuration(dueMs)} after the ${entryAllowance(campaign, rules)}: unless the follower types a message before, ${consequence}`,
          rule: 'what-wechat-allows',
          hint: 'Let the follower type first, or choose an earlier time',
        },
      ]
    }
    if (!whenReplying.has(step.id)) return []
    const quota = RULES[rules].scenes.message?.quota ?? 0
    const message = `step ${step.id} has no message left: under ${rules} a typed message grants ${quota} messages, so ${consequence} until the follower types again`
    return [{ path, message, rule: 'what-wechat-allows', hint: 'Ask for an answer in between' }]
  })
}

/** The entry and what it grants, as part of a sentence. */
function entryAllowance(campaign: Campaign, rules: RulesProfileName): string {
  const event = entriesOf(campaign)[0]?.event ?? 'message'
  const entry = event === 'subscribe' ? 'follow' : event
  const scene = sceneOfEntry(event)
  const allowance = scene ? RULES[rules].scenes[scene] : undefined
  const allowed = allowance
    ? `${allowance.quota} messages for ${describeDuration(allowance.lifetimeMs)}`
    : 'nothing'
  return `${entry}, but under ${rules} a ${entry} grants ${allowed}`
}
