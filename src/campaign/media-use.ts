import { messagesOf, repliesOf, stepsOf } from './items.ts'
import { mediaRefs } from './message.ts'
import type { Campaign } from './model.ts'

/** The ids of the uploaded media that a campaign sends. */
export function mediaOfCampaign(campaign: Campaign): Set<string> {
  const messages = [...stepsOf(campaign).flatMap(messagesOf), ...repliesOf(campaign)]
  return new Set(messages.flatMap(({ message }) => mediaRefs(message).map(({ id }) => id)))
}
