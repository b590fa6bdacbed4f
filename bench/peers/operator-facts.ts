/** What a design gives to the person who operates it, without code of one's own. */
interface OperatorFacts {
  inspect: string
  cancel: string
  retry: string
  fairness: string
  /** Markdown links. */
  source: string
}

const link = (text: string, url: string) => `[${text}](${url})`

/** From the documentation of each design, for the versions that the bench uses. */
export const OPERATOR_FACTS: Readonly<Record<string, OperatorFacts>> = {
  timeout: {
    inspect: 'nothing',
    cancel: 'inside the process',
    retry: 'none',
    fairness: 'none',
    source: link('Node', 'https://nodejs.org/api/timers.html'),
  },
  wheel: {
    inspect: 'nothing',
    cancel: 'inside the process',
    retry: 'none',
    fairness: 'none',
    source: link('paper', 'https://dl.acm.org/doi/10.1145/41457.37504'),
  },
  postgres: {
    inspect: 'SQL',
    cancel: 'DELETE',
    retry: 'the row stays until it is deleted',
    fairness: 'none; order of the query',
    source: link('SKIP LOCKED', 'https://www.postgresql.org/docs/15/sql-select.html#SQL-FOR-UPDATE-SHARE'),
  },
  redis: {
    inspect: 'keys and their TTL',
    cancel: 'DEL',
    retry: 'none: an event is not stored',
    fairness: 'none',
    source: link('Redis', 'https://redis.io/docs/latest/develop/pubsub/keyspace-notifications/'),
  },
  bullmq: {
    inspect: 'API; web pages of others',
    cancel: 'by job id',
    retry: 'attempts with backoff; failed jobs by API',
    fairness: 'groups, in the paid BullMQ Pro only',
    source: `${link('jobs', 'https://docs.bullmq.io/guide/jobs/getters')}, ${link('groups', 'https://docs.bullmq.io/bullmq-pro/groups')}`,
  },
  'pg-boss': {
    inspect: 'API, SQL',
    cancel: 'by job id',
    retry: 'retry limit with backoff; by API',
    fairness: 'a limit of concurrent jobs for each group',
    source: `${link('jobs', 'https://pgboss.io/api/jobs')}, ${link('workers', 'https://pgboss.io/api/workers')}`,
  },
  graphile: {
    inspect: 'SQL',
    cancel: 'by job key',
    retry: 'attempts with backoff; `reschedule_jobs`',
    fairness: 'none; a named queue runs one job at a time',
    source: link('functions', 'https://worker.graphile.org/docs/admin-functions'),
  },
  rabbitmq: {
    inspect: 'counts of each queue; not one message by its id',
    cancel: 'no',
    retry: 'redelivery at once; dead letters',
    fairness: 'none within a queue',
    source: `${link('TTL', 'https://www.rabbitmq.com/docs/ttl')}, ${link('dead letters', 'https://www.rabbitmq.com/docs/dlx')}`,
  },
  sqs: {
    inspect: 'approximate counts',
    cancel: 'no',
    retry: 'visibility timeout; dead-letter queue',
    fairness: 'fair queues, in AWS only; delays of 15 minutes at most',
    source: `${link('delays', 'https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-timers.html')}, ${link('fair queues', 'https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-fair-queues.html')}`,
  },
  bare: {
    inspect: 'Web UI, CLI, history of each run',
    cancel: 'by workflow id',
    retry: 'retry policy; reset of a run',
    fairness: 'fairness keys, set by the developer',
    source: `${link('cancel', 'https://docs.temporal.io/cli/workflow#cancel')}, ${link('fairness', 'https://docs.temporal.io/develop/task-queue-priority-fairness')}`,
  },
  product: {
    inspect: 'console, API and CLI: each follower, step and reason',
    cancel: 'an unfollow; by API and console',
    retry: 'by WeChat’s error codes, within the grant',
    fairness: 'a share for each account',
    source: `${link('console', 'console.md')}, ${link('sending', 'contract.md#4-sending')}`,
  },
}
