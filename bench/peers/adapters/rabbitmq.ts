import { setTimeout as sleep } from 'node:timers/promises'
import type { Adapter, AdapterContext, Message } from '../adapter.ts'

type Amqplib = { connect(url: string): Promise<Connection> }
type Delivery = { content: Buffer }
interface Channel {
  prefetch(count: number): Promise<unknown>
  assertQueue(name: string, options: { durable: boolean; arguments?: object }): Promise<unknown>
  consume(name: string, onDelivery: (delivery: Delivery | null) => void): Promise<unknown>
  ack(delivery: Delivery): void
  nack(delivery: Delivery): void
  on(event: 'error', listener: (err: Error) => void): void
  sendToQueue(name: string, body: Buffer, options: object, onConfirm: (err: unknown) => void): boolean
}
interface Connection {
  createConfirmChannel(): Promise<Channel>
  on(event: 'error' | 'close', listener: (err?: Error) => void): void
}
const DUE = 'due'

/**
 * A queue for each delay, whose messages expire into the queue of due messages. A message expires only at the head of its
 * queue, so one queue cannot have several delays. RabbitMQ delivers again what was not acknowledged. Source: https://www.rabbitmq.com/docs/ttl#per-message-ttl-caveats.
 */
export const rabbitmqAdapter: Adapter = {
  title: 'RabbitMQ, TTL and dead letters',
  server: 'rabbitmq',
  canCancel: false,
  usesLibrary: true,
  recoveryMs: 1_000,
  settings: 'durable classic queues, persistent messages, confirms, prefetch 50',
  async open(context) {
    const amqplib = await context.library<Amqplib>('amqplib')
    let channel = await connect(amqplib, context, () => void reconnect())
    async function reconnect(): Promise<void> {
      await sleep(200)
      const opened = await connect(amqplib, context, () => void reconnect()).catch((err) =>
        context.onError(err),
      )
      if (opened) channel = opened
      else await reconnect()
    }
    return {
      async schedule(message) {
        const queue = `wait-${message.delayMs}`
        const letters = { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': DUE }
        const ttl = { 'x-message-ttl': message.delayMs }
        await channel.assertQueue(queue, { durable: true, arguments: { ...letters, ...ttl } })
        const body = Buffer.from(JSON.stringify(message))
        await new Promise<void>((resolve, reject) => {
          channel.sendToQueue(queue, body, { persistent: true }, (err) => (err ? reject(err) : resolve()))
        })
      },
    }
  },
}

async function connect(amqplib: Amqplib, context: AdapterContext, onClose: () => void): Promise<Channel> {
  const { url, send, onError } = context
  const connection = await amqplib.connect(url)
  connection.on('error', onError)
  const channel = await connection.createConfirmChannel()
  channel.on('error', onError)
  await channel.prefetch(50)
  await channel.assertQueue(DUE, { durable: true })
  await channel.consume(DUE, (delivery) => {
    if (!delivery) return
    const sent = send(JSON.parse(delivery.content.toString()) as Message)
    sent
      .then(
        () => channel.ack(delivery),
        () => channel.nack(delivery),
      )
      .catch(onError)
  })
  connection.on('close', onClose)
  return channel
}
