import { Option } from '@commander-js/extra-typings'
import { callApi, fetchAllPages, urlOption } from '../api-client.ts'
import { command, commandGroup, printing, type Terminal, UsageError } from '../cli-command.ts'
import { table } from '../table.ts'
import { changeSecretCommand, pathOfNamed, putNamed, removeNamedCommand } from './named-secret-commands.ts'

export const webhookCommands = (terminal: Terminal) =>
  commandGroup('webhook', 'Webhooks of campaigns, and their receivers', [
    list(terminal),
    retry(terminal),
    receivers(terminal),
    put(terminal),
    changeSecretCommand(terminal, RECEIVERS),
    removeNamedCommand(terminal, RECEIVERS),
  ])

interface Receiver {
  name: string
  url: string
  updatedAt: string
}

interface WebhookItem {
  id: number
  endpoint: string
  state: string
  runKey: string
  step: string
  attempts: number
  lastStatus: number | null
  lastError: string | null
  createdAt: string
  nextAttemptAt: string | null
}

const RECEIVERS = {
  noun: 'receiver',
  path: '/api/webhooks',
  rotation: 'for a day, webhooks are also signed with the previous secret',
}

const list = (terminal: Terminal) =>
  command('list', 'List the webhooks that wait or have failed, newest first')
    .addOption(
      new Option('--state <state>', 'Only these (default: waiting and failed)').choices([
        'waiting',
        'failed',
        'delivered',
      ]),
    )
    .option('--receiver <name>', 'Only those of this receiver')
    .addOption(urlOption)
    .action(
      printing(terminal, async ({ state, receiver, ...options }) => {
        const query = new URLSearchParams({
          ...(state ? { state } : {}),
          ...(receiver ? { endpoint: receiver } : {}),
        })
        const items = await fetchAllPages<WebhookItem>(options, `/api/outbox?${query}`)
        const rows = items.map((w) => [
          w.id,
          w.endpoint,
          w.step,
          w.state,
          w.attempts,
          w.nextAttemptAt ?? '',
          w.lastError ?? '',
        ])
        const text = table(
          ['id', 'receiver', 'step', 'state', 'attempts', 'next attempt', 'last error'],
          rows,
        )
        return { value: { items }, text: items.length === 0 ? 'no webhook waits, and none has failed' : text }
      }),
    )

const retry = (terminal: Terminal) =>
  command('retry', 'Send a webhook again now, or all failed ones of a receiver')
    .argument('[id]', 'Id of the webhook')
    .option('--receiver <name>', 'All failed webhooks of this receiver')
    .addOption(urlOption)
    .action(
      printing(terminal, async (id, { receiver, ...options }) => {
        if ((id === undefined) === (receiver === undefined))
          throw new UsageError('Give the id of a webhook, or --receiver with the name of a receiver.')
        const path =
          id === undefined ? pathOfNamed(RECEIVERS.path, receiver ?? '') : pathOfNamed('/api/outbox', id)
        const { retried } = await callApi<{ retried: number }>(options, {
          method: 'POST',
          path: `${path}/retry`,
        })
        const text = retried === 1 ? '1 webhook is sent again' : `${retried} webhooks are sent again`
        return { value: { retried }, text }
      }),
    )

const receivers = (terminal: Terminal) =>
  command('receivers', 'List the receivers of webhooks')
    .addOption(urlOption)
    .action(
      printing(terminal, async (options) => {
        const items = await fetchAllPages<Receiver>(options, RECEIVERS.path)
        const rows = items.map((r) => [r.name, r.url, r.updatedAt])
        return { value: { items }, text: table(['name', 'url', 'changed'], rows) }
      }),
    )

const put = (terminal: Terminal) =>
  command('put', 'Add a receiver, or change its URL. A new secret is printed only once')
    .argument('<name>', 'Its name in campaign files')
    .argument('<receiverUrl>', 'Where the webhooks are sent; https')
    .addOption(urlOption)
    .action(
      printing(terminal, async (name, receiverUrl, options) => {
        const use = 'Its secret verifies Nurture-Signature and is not shown again'
        return putNamed(options, { path: RECEIVERS.path, name, json: { url: receiverUrl }, use })
      }),
    )
