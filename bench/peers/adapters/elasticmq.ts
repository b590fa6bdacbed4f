import type { Adapter, AdapterContext, Message } from '../adapter.ts'

const VISIBILITY_S = 3
const RECEIVERS = 5

type Command = object
interface SqsClient {
  send(
    command: Command,
  ): Promise<{ QueueUrl?: string; Messages?: { Body?: string; ReceiptHandle?: string }[] }>
}
type CommandOf = new (input: object) => Command
/** What is used of the AWS SDK. */
interface Sqs {
  CreateQueueCommand: CommandOf
  SQSClient: new (options: object) => SqsClient
  SendMessageCommand: CommandOf
  ReceiveMessageCommand: CommandOf
  DeleteMessageCommand: CommandOf
}

/**
 * Delayed messages of SQS: 15 minutes at most. Source:
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-timers.html.
 */
export const elasticmqAdapter: Adapter = {
  title: 'SQS (ElasticMQ)',
  server: 'elasticmq',
  canCancel: false,
  usesLibrary: true,
  recoveryMs: (VISIBILITY_S + 1) * 1_000,
  settings: `${RECEIVERS} receivers of 10 messages, visibility ${VISIBILITY_S} s (default 30 s), messages in memory`,
  maxWaiting: 500,
  async open(context) {
    const sqs = await context.library<Sqs>('@aws-sdk/client-sqs')
    const client = new sqs.SQSClient({
      endpoint: context.url,
      region: 'local',
      credentials: { accessKeyId: 'none', secretAccessKey: 'none' },
    })
    const Attributes = { VisibilityTimeout: String(VISIBILITY_S) }
    const { QueueUrl } = await client.send(new sqs.CreateQueueCommand({ QueueName: 'messages', Attributes }))
    const own = { QueueUrl: QueueUrl?.replace(/^http:\/\/[^/]+/, context.url) }
    const receive = async () => {
      const limits = { MaxNumberOfMessages: 10, WaitTimeSeconds: 1 }
      const { Messages = [] } = await client.send(new sqs.ReceiveMessageCommand({ ...own, ...limits }))
      const settle = async ({ Body = '', ReceiptHandle }: (typeof Messages)[number]) => {
        await context.send(JSON.parse(Body) as Message)
        await client.send(new sqs.DeleteMessageCommand({ ...own, ReceiptHandle }))
      }
      // What was not deleted becomes visible again.
      for (const result of await Promise.allSettled(Messages.map(settle)))
        if (result.status === 'rejected') context.onError(result.reason)
    }
    for (let i = 0; i < RECEIVERS; i++) void repeat(receive, context)
    return {
      async schedule(message) {
        const DelaySeconds = Math.max(0, Math.round((message.dueAt - Date.now()) / 1_000))
        const MessageBody = JSON.stringify(message)
        await client.send(new sqs.SendMessageCommand({ ...own, MessageBody, DelaySeconds }))
      },
    }
  },
}

async function repeat(receive: () => Promise<void>, { onError }: AdapterContext): Promise<void> {
  for (;;) {
    await receive().catch(async (err) => {
      onError(err)
      await new Promise((resolve) => setTimeout(resolve, 200))
    })
  }
}
