import { WebhookClient } from '../../webhooks/webhook-client.ts'
import { WebhookSender } from '../../webhooks/webhook-sender.ts'
import type { ServiceContext } from './context.ts'

/** The sender of this process for the webhooks of the outbox. */
export function createWebhookSender(context: ServiceContext): WebhookSender {
  const { config, db, webhookEndpoints: endpoints, ownerId, metrics, now, log } = context
  const client = new WebhookClient({ allowPrivate: config.webhookPrivate ?? false, now })
  return new WebhookSender({
    db,
    endpoints,
    client,
    ownerId,
    now,
    log,
    count: (result) => metrics.webhooks.inc({ result }),
  })
}
