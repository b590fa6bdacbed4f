import { sql } from 'drizzle-orm'
import {
  bigint,
  bigserial,
  boolean,
  index,
  integer,
  jsonb,
  numeric,
  pgTable,
  primaryKey,
  text,
  uniqueIndex,
} from 'drizzle-orm/pg-core'
import type { Campaign } from '../campaign/model.ts'
import type { OptOut } from '../campaign/opt-out.ts'
import type { Entry, StoredPlan } from '../run/plan.ts'
import type { RunState } from '../run/state.ts'
import type { Tally } from '../run/tally.ts'
import type { Facts } from '../shared/facts.ts'
import type { Ledger } from '../wechat/rules/ledger.ts'
import type { RulesProfileName } from '../wechat/rules/rules.ts'
import type { HookSettings } from './hooks/hook-settings.ts'
import type { InboxEvent } from './inbox/inbox-event.ts'

/** `openapi/quota/get` of `custom/send`, without its envelope; `at` epoch ms. */
export interface SendQuota {
  at: number
  dailyLimit: number
  used: number
  /** Calls allowed in a number of seconds; null when WeChat reports no rate. */
  rate: { calls: number; seconds: number } | null
}

/** The most unasked messages that a follower of an account gets in a period. `perMs` is `per` in ms. */
export interface MessageCap {
  messages: number
  /** As in campaign files: `24h`. */
  per: string
  perMs: number
}

/** Local times of an account, `hh:mm`. */
export interface QuietTimes {
  from: string
  to: string
}

/** The attributes of a follower that conditions and templates can use. */
export interface FollowerAttributes {
  /** Names of tags. */
  tags: string[]
  /** `ADD_SCENE_…`, or '' when WeChat reports none. */
  subscribeScene: string
  /** The scene of the parametric QR code; '' without one. */
  qrScene: string
}

/** The first click of a link. */
export interface Click {
  step: string
  /** The name of the link. */
  link: string
  at: number
}

/** All times are epoch milliseconds: without zones, and the same in PGlite and PostgreSQL. */
const epochMs = (name: string) => bigint(name, { mode: 'number' })

/** Official Accounts. Secrets are encrypted (AES-256-GCM with ENCRYPTION_KEY) before they are stored. */
export const accounts = pgTable('accounts', {
  appId: text('app_id').primaryKey(),
  name: text('name').notNull(),
  kind: text('kind', { enum: ['owned', 'authorised'] })
    .notNull()
    .default('owned'),
  mode: text('mode', { enum: ['plain', 'compatible', 'security'] }).notNull(),
  rules: text('rules').$type<RulesProfileName>().notNull().default('wechat-2023'),
  onUnknown: text('on_unknown', { enum: ['retry', 'assume-sent'] })
    .notNull()
    .default('retry'),
  timezone: text('timezone').notNull().default('Asia/Shanghai'),
  apiBase: text('api_base'),
  humanAgents: boolean('human_agents').notNull().default(false),
  /** Null: no cap. The check before each send reads it. */
  cap: jsonb('cap').$type<MessageCap>(),
  /** For campaigns that name none; null: none. */
  quietHours: jsonb('quiet_hours').$type<QuietTimes>(),
  appSecretSealed: text('app_secret_sealed').notNull(),
  tokenSealed: text('token_sealed').notNull(),
  encodingAesKeySealed: text('encoding_aes_key_sealed'),
  /** The values before the last change. WeChat signs and encrypts with them until they are changed there too. */
  previousTokenSealed: text('previous_token_sealed'),
  previousTokenUntil: epochMs('previous_token_until'),
  previousAesKeySealed: text('previous_aes_key_sealed'),
  previousAesKeyUntil: epochMs('previous_aes_key_until'),
  /** Fetches the access tokens of an authorised account; null after a revocation. */
  refreshTokenSealed: text('refresh_token_sealed'),
  /** Permission sets (权限集) that the owner of an authorised account has granted. */
  permissions: jsonb('permissions').$type<number[]>(),
  /** The time of the newest authorisation or revocation, by WeChat's clock; null: unknown. */
  authorisationAt: epochMs('authorisation_at'),
  state: text('state', {
    enum: ['active', 'paused', 'needs-authorisation', 'blocked', 'quota-exhausted'],
  })
    .notNull()
    .default('active'),
  stateReason: text('state_reason'),
  stateSince: epochMs('state_since').notNull(),
  /** When a state ends by itself: `quota-exhausted` until the next day in Beijing, a per-minute limit. */
  stateUntil: epochMs('state_until'),
  /** Hashes of unknown followers in a row (40003). Three different ones block the account. */
  invalidRecipients: jsonb('invalid_recipients').$type<string[]>().notNull().default([]),
  /** Variables of templates, as `account.…`, besides name and appId. */
  variables: jsonb('variables').$type<Record<string, string>>().notNull().default({}),
  /** Certified by WeChat (认证); null while unknown. */
  verified: boolean('verified'),
  /** Kinds of messages that WeChat refuses this account (45050, 48008). */
  refusedKinds: jsonb('refused_kinds').$type<string[]>().notNull().default([]),
  /** The account's quota for sends, as WeChat last reported it. */
  sendQuota: jsonb('send_quota').$type<SendQuota>(),
  /** A second URL that each event is forwarded to: address, token and key, encrypted as one text. */
  forwardSealed: text('forward_sealed'),
  /** The words by which followers end the messages of all campaigns; null: only those of each campaign. */
  optOut: jsonb('opt_out').$type<OptOut>(),
  /** For how many days texts of followers stay in the inbox after their dispatch; null: not at all. */
  keepTexts: integer('keep_texts'),
  /** When WeChat last reached the callback with a valid signature. */
  lastCallbackAt: epochMs('last_callback_at'),
  createdAt: epochMs('created_at').notNull(),
  updatedAt: epochMs('updated_at').notNull(),
})

/** Ids of tags by name. Each account has its own. */
export const accountTags = pgTable(
  'account_tags',
  {
    appId: text('app_id').notNull(),
    name: text('name').notNull(),
    tagId: integer('tag_id').notNull(),
  },
  (t) => [primaryKey({ columns: [t.appId, t.name] })],
)

/** QR codes with a scene that WeChat has made. WeChat keeps no list of them. */
export const qrcodes = pgTable(
  'qrcodes',
  {
    id: bigserial('id', { mode: 'number' }).primaryKey(),
    appId: text('app_id').notNull(),
    scene: text('scene').notNull(),
    ticket: text('ticket').notNull(),
    /** What the code says. */
    url: text('url').notNull(),
    /** The campaign that a scan must enter; null: it was not named. */
    campaign: text('campaign'),
    /** Null: the code is permanent. */
    expiresAt: epochMs('expires_at'),
    createdAt: epochMs('created_at').notNull(),
    /** The user or token that made it. */
    createdBy: text('created_by').notNull(),
  },
  (t) => [index('qrcodes_by_account').on(t.appId, t.id)],
)

/** The access_token of an account, with the lease of the process that refreshes it. */
export const accessTokens = pgTable('access_tokens', {
  appId: text('app_id').primaryKey(),
  tokenSealed: text('token_sealed'),
  expiresAt: epochMs('expires_at'),
  obtainedAt: epochMs('obtained_at'),
  forcedAt: epochMs('forced_at'),
  /** The day in Beijing (YYYY-MM-DD) that `forcedCount` counts for. */
  forcedDay: text('forced_day'),
  forcedCount: integer('forced_count').notNull().default(0),
  leaseOwnerId: text('lease_owner_id'),
  leaseExpiresAt: epochMs('lease_expires_at'),
})

export const campaigns = pgTable('campaigns', {
  id: text('id').primaryKey(),
  version: integer('version').notNull(),
  /** `retired`: nobody enters, open runs continue, and lists leave it out. It can be restored. */
  state: text('state', { enum: ['live', 'paused', 'retired', 'deleted'] }).notNull(),
  /** Open runs use the message bodies of this version (`?bodies=running`); null: each run uses its own version. */
  bodiesVersion: integer('bodies_version'),
  updatedAt: epochMs('updated_at').notNull(),
})

/** Every published version. Never deleted: runs that wait read their texts here, by campaign and version. */
export const campaignVersions = pgTable(
  'campaign_versions',
  {
    id: text('id').notNull(),
    version: integer('version').notNull(),
    source: text('source').notNull(),
    sourceHash: text('source_hash').notNull(),
    model: jsonb('model').$type<Campaign>().notNull(),
    warnings: jsonb('warnings').notNull(),
    publishedAt: epochMs('published_at').notNull(),
    /** `contentHash` of the model; null: 0.3 published it. */
    contentHash: text('content_hash'),
    /** The user or token that published it; null: 0.3 or the demo did. */
    publishedBy: text('published_by'),
    /** The older version whose file this one is; null: its file was given. */
    restoredFrom: integer('restored_from'),
    /** What the publisher says about it; null: nothing. */
    note: text('note'),
  },
  (t) => [primaryKey({ columns: [t.id, t.version] })],
)

/** The file that somebody works on, beside the published version. It may have errors. Nothing starts from it. */
export const campaignDrafts = pgTable('campaign_drafts', {
  id: text('id').primaryKey(),
  source: text('source').notNull(),
  /** Grows with each save, so that two people do not overwrite each other unseen. */
  revision: integer('revision').notNull(),
  /** The newest version when the draft was begun; null: the campaign was not published. */
  baseVersion: integer('base_version'),
  savedAt: epochMs('saved_at').notNull(),
  savedBy: text('saved_by').notNull(),
})

/** Test sends, so that a repeated request sends nothing again. They count in no run and in no totals. */
export const testSends = pgTable(
  'test_sends',
  {
    id: bigserial('id', { mode: 'number' }).primaryKey(),
    appId: text('app_id').notNull(),
    openId: text('open_id').notNull(),
    /** Hash of the caller's Idempotency-Key; unique of itself when there was none. */
    dedupeKey: text('dedupe_key').notNull(),
    /** Hash of the request: another request with the same key is refused. */
    requestHash: text('request_hash').notNull(),
    campaign: text('campaign').notNull(),
    /** Messages that WeChat accepted, or may have. */
    sent: integer('sent').notNull().default(0),
    /** The answer; null while it is sent, or when its process was lost. */
    answer: jsonb('answer'),
    requestedAt: epochMs('requested_at').notNull(),
  },
  (t) => [
    uniqueIndex('test_sends_dedupe_key').on(t.dedupeKey),
    index('test_sends_by_follower').on(t.appId, t.openId, t.requestedAt),
  ],
)

/** Accepted events. A callback is stored here before it is answered. */
export const inbox = pgTable(
  'inbox',
  {
    /** Arrival order. */
    id: bigserial('id', { mode: 'number' }).primaryKey(),
    appId: text('app_id').notNull(),
    openId: text('open_id').notNull(),
    dedupeKey: text('dedupe_key').notNull(),
    kind: text('kind').notNull(),
    createTime: epochMs('create_time').notNull(),
    receivedAt: epochMs('received_at').notNull(),
    /** Pending: the event. Dispatched: what stays of it, see `DispatchedEvent`. */
    event: jsonb('event').$type<InboxEvent | null>(),
    /** The text of a dispatched event, where the account keeps texts. */
    keptText: text('kept_text'),
    /** The passive reply. A duplicate gets the same reply. */
    reply: jsonb('reply'),
    /** The row of a campaign's `answers` that the reply is from, like `faq@3/answers.0`; null: none. */
    answered: text('answered'),
    /** The day of that answer in the account's time zone, `YYYY-MM-DD`; null without an answer. */
    answeredDay: text('answered_day'),
    dispatchedAt: epochMs('dispatched_at'),
    /** The dispatcher's result. */
    result: text('result'),
    leaseOwnerId: text('lease_owner_id'),
    leaseExpiresAt: epochMs('lease_expires_at'),
    attempts: integer('attempts').notNull().default(0),
    retryAt: epochMs('retry_at'),
    lastError: text('last_error'),
  },
  (t) => [
    uniqueIndex('inbox_dedupe_key').on(t.dedupeKey),
    index('inbox_by_follower').on(t.appId, t.openId, t.kind, t.createTime),
    // For statistics: the rows that a campaign has answered.
    index('inbox_by_answering_campaign')
      .on(sql`split_part(${t.answered}, '@', 1)`)
      .where(sql`${t.answered} IS NOT NULL`),
    index('inbox_pending_by_account').on(t.appId, t.id).where(sql`${t.dispatchedAt} IS NULL`),
    index('inbox_pending_by_follower')
      .on(t.appId, t.openId, t.createTime, t.id)
      .where(sql`${t.dispatchedAt} IS NULL`),
    // For the purge of kept texts. Accounts that keep none have no entry.
    index('inbox_kept_texts').on(t.appId, t.receivedAt).where(sql`${t.keptText} IS NOT NULL`),
  ],
)

/** Followers. The dispatcher writes them in the order of their events. */
export const followers = pgTable(
  'followers',
  {
    appId: text('app_id').notNull(),
    openId: text('open_id').notNull(),
    followedAt: epochMs('followed_at'),
    followedSeq: epochMs('followed_seq'),
    unfollowedAt: epochMs('unfollowed_at'),
    unfollowedSeq: epochMs('unfollowed_seq'),
    /** Nothing starts for this follower before a newer follow, or a keyword that ends the opt-out. */
    optedOutAt: epochMs('opted_out_at'),
    /** The newest keyword that ends an opt-out; null: none. An older exit keyword that arrives later does not count. */
    resumedAt: epochMs('resumed_at'),
    /** Whether a human agent has the session, by the newest kf event, message or operator's action. */
    agent: boolean('agent').notNull().default(false),
    /** `CreateTime` and inbox id of the event that set it; null: none. */
    agentAt: epochMs('agent_at'),
    agentSeq: epochMs('agent_seq'),
    /** An operator paused this follower. Checked before each send. */
    paused: boolean('paused').notNull().default(false),
    /** Grants of the interactions. Runs count their uses. */
    grants: jsonb('grants').$type<Ledger>().notNull().default([]),
    lastInteractionAt: epochMs('last_interaction_at'),
    /** When the newest message grant ends; null: none, or the event that it ends soon has been stored. */
    messageGrantEndsAt: epochMs('message_grant_ends_at'),
    /** From WeChat's `user/info`, fetched when a condition or a template needs them. */
    attributes: jsonb('attributes').$type<FollowerAttributes>(),
    attributesAt: epochMs('attributes_at'),
    /** Grows with each request for an unasked message while the account has a cap, so that two at once cannot pass it. */
    unaskedSends: integer('unasked_sends').notNull().default(0),
    /** Facts that other systems and steps have set. */
    own: jsonb('own').$type<Facts>().notNull().default({}),
    updatedAt: epochMs('updated_at').notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.appId, t.openId] }),
    index('followers_by_message_grant')
      .on(t.appId, t.messageGrantEndsAt)
      .where(sql`${t.messageGrantEndsAt} IS NOT NULL`),
    index('followers_by_tag').using('gin', sql`(${t.attributes}->'tags')`),
  ],
)

/** Runs, as API and console read them. */
export const runs = pgTable(
  'runs',
  {
    runKey: text('run_key').primaryKey(),
    appId: text('app_id').notNull(),
    openId: text('open_id').notNull(),
    campaign: text('campaign').notNull(),
    version: integer('version').notNull(),
    /** Temporal's run id, once known. */
    runId: text('run_id'),
    status: text('status', { enum: ['active', 'paused', 'ended'] }).notNull(),
    outcome: text('outcome'),
    entry: jsonb('entry').$type<Entry>().notNull(),
    plan: jsonb('plan').$type<StoredPlan>().notNull(),
    state: jsonb('state').$type<RunState>().notNull(),
    revision: integer('revision').notNull(),
    startedAt: epochMs('started_at').notNull(),
    endedAt: epochMs('ended_at'),
    createdAt: epochMs('created_at').notNull(),
    updatedAt: epochMs('updated_at').notNull(),
    /** The day of the entry in the account's time zone, `YYYY-MM-DD`. Null in rows of 0.3: the day in China counts. */
    entryDay: text('entry_day'),
    /** The `qrScenes` pattern of the campaign file that fitted the entry; null: none. */
    scenePattern: text('scene_pattern'),
    /** What the state adds to statistics. */
    tally: jsonb('tally').$type<Tally>(),
    /** The revision that `tally` belongs to. Another one than `revision`: 0.3 has written the row, see `countRuns`. */
    tallyRevision: integer('tally_revision'),
    /** When the last step was done, by the clock of the run; null: none was. */
    lastDoneAt: epochMs('last_done_at'),
    /** The first click of each link of a message. Null: none. */
    clicks: jsonb('clicks').$type<Click[]>(),
    /** The first unfollow after the entry, before a newer run began. Epoch ms by this machine's clock; null: none. */
    unfollowedAt: epochMs('unfollowed_at'),
    /** When the run ends at the latest, as its last snapshot has it. Null in rows that 0.4 has not written. */
    closesAt: epochMs('closes_at'),
    /** Why steps are held, were skipped or refused, each reason once. Null: none is, or 0.4 has not written the row. */
    reasons: jsonb('reasons').$type<readonly string[]>(),
  },
  (t) => [
    // With the key, so that whether a run is its follower's latest is known without reading runs.
    index('runs_by_follower').on(t.appId, t.openId, t.createdAt, t.runKey),
    // With the follower, so that the latest of many runs are found without reading them.
    index('runs_by_created_at').on(t.createdAt, t.runKey, t.appId, t.openId),
    // With the version, so that the open runs of each are counted without reading them.
    index('runs_by_campaign').on(t.campaign, t.status, t.version),
    // For exports.
    index('runs_by_campaign_entry').on(t.campaign, t.createdAt, t.runKey),
    // For the purges. A run that has not ended has no entry.
    index('runs_by_end').on(t.endedAt).where(sql`${t.status} = 'ended'`),
    // For lists of followers. A run that has ended has no entry in the first three, an open one none in the fourth.
    index('runs_open').on(t.createdAt, t.runKey, t.closesAt).where(sql`${t.status} <> 'ended'`),
    index('runs_open_of_campaign')
      .on(t.campaign, t.status, t.appId, t.openId, t.createdAt, t.runKey, t.closesAt)
      .where(sql`${t.status} <> 'ended'`),
    index('runs_closing').on(t.closesAt).where(sql`${t.status} <> 'ended'`),
    index('runs_by_outcome').on(t.outcome, t.createdAt, t.runKey).where(sql`${t.status} = 'ended'`),
    index('runs_by_account').on(t.appId, t.createdAt, t.runKey),
    index('runs_by_version').on(t.campaign, t.version, t.createdAt, t.runKey),
    index('runs_by_reason').using('gin', t.reasons),
    index('runs_by_open_id').on(t.openId.op('text_pattern_ops')),
    index('runs_by_qr_scene')
      .on(sql`(${t.entry}->>'qrScene')`, t.createdAt)
      .where(sql`${t.entry}->>'qrScene' IS NOT NULL`),
    index('runs_by_scene_pattern').on(t.scenePattern, t.createdAt).where(sql`${t.scenePattern} IS NOT NULL`),
  ],
)

/** Changes of many runs at once. A process that leases a job makes its changes page by page. */
export const bulkJobs = pgTable(
  'bulk_jobs',
  {
    id: text('id').primaryKey(),
    action: text('action', { enum: ['cancel', 'pause', 'resume'] }).notNull(),
    /** What selected the runs, for people: the filter without an openId, or how many were chosen one by one. */
    selection: jsonb('selection').$type<Record<string, string | number>>().notNull(),
    /** Of a cancel: why. */
    reason: text('reason'),
    state: text('state', { enum: ['running', 'finished', 'stopped'] }).notNull(),
    /** How many runs were selected, and what became of them. The others wait, or were left when the job was stopped. */
    total: integer('total').notNull(),
    done: integer('done').notNull().default(0),
    /** The run had ended before its turn. */
    ended: integer('ended').notNull().default(0),
    failed: integer('failed').notNull().default(0),
    /** Digest of a request with an idempotency key, so that the key cannot be used for another one. */
    requestHash: text('request_hash'),
    createdBy: text('created_by').notNull(),
    createdAt: epochMs('created_at').notNull(),
    endedAt: epochMs('ended_at'),
    leaseOwnerId: text('lease_owner_id'),
    leaseExpiresAt: epochMs('lease_expires_at'),
  },
  (t) => [index('bulk_jobs_running').on(t.createdAt).where(sql`${t.state} = 'running'`)],
)

/**
 * The runs that a job has not changed yet, or has left when it was stopped. A row is deleted with the change, and with its
 * follower's data.
 */
export const bulkJobRuns = pgTable(
  'bulk_job_runs',
  {
    jobId: text('job_id').notNull(),
    runKey: text('run_key').notNull(),
  },
  (t) => [primaryKey({ columns: [t.jobId, t.runKey] }), index('bulk_job_runs_by_run').on(t.runKey)],
)

/** What became of the runs of a job. A row is deleted with its follower's data, and by the daily purge. */
export const bulkJobResults = pgTable(
  'bulk_job_results',
  {
    jobId: text('job_id').notNull(),
    runKey: text('run_key').notNull(),
    result: text('result', { enum: ['done', 'ended', 'failed'] }).notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.jobId, t.result, t.runKey] }),
    index('bulk_job_results_by_run').on(t.runKey),
  ],
)

/**
 * Which campaigns followers have entered, as far as their runs no longer tell: when a run is anonymised, its entry is kept here.
 * `reentry` and conditions on earlier runs read it. It has no openId: only who knows a follower's id finds the follower's rows.
 */
export const entries = pgTable(
  'entries',
  {
    appId: text('app_id').notNull(),
    /** `hashFollower` of the follower. */
    followerHash: text('follower_hash').notNull(),
    campaign: text('campaign').notNull(),
    /** The first and the last entry, epoch ms by WeChat's clock. */
    firstAt: epochMs('first_at').notNull(),
    lastAt: epochMs('last_at').notNull(),
    times: integer('times').notNull(),
    /** How the run of the last entry ended. */
    lastOutcome: text('last_outcome'),
  },
  (t) => [primaryKey({ columns: [t.appId, t.followerHash, t.campaign] })],
)

/** Deliveries: intents, attempts and result of each step of a run. */
export const deliveries = pgTable(
  'deliveries',
  {
    runKey: text('run_key').notNull(),
    stepId: text('step_id').notNull(),
    appId: text('app_id').notNull(),
    /** `deferred`: a stop or a pause holds the step. `sending`: a request was sent and has no result yet. */
    state: text('state', { enum: ['deferred', 'sending', 'failed', 'sent', 'skipped', 'unknown'] }).notNull(),
    attempts: integer('attempts').notNull().default(0),
    unclear: integer('unclear').notNull().default(0),
    /** Failed attempts in a row, for the backoff. */
    failures: integer('failures').notNull().default(0),
    intentAt: epochMs('intent_at'),
    /** When a message that answers nothing was requested, by the clock of the run; null: it answers the follower. */
    unaskedAt: epochMs('unasked_at'),
    endedAt: epochMs('ended_at'),
    /** When it was sent, by the clock of the run. */
    sentAt: epochMs('sent_at'),
    errcode: integer('errcode'),
    reason: text('reason'),
    rid: text('rid'),
    updatedAt: epochMs('updated_at').notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.runKey, t.stepId] }),
    // For the newest events of the overview.
    index('deliveries_by_end').on(t.endedAt).where(sql`${t.endedAt} IS NOT NULL`),
  ],
)

/** Goals that runs have reached, at most one each. The purge deletes them with their run; statistics keep their sums. */
export const goals = pgTable(
  'goals',
  {
    runKey: text('run_key').primaryKey(),
    appId: text('app_id').notNull(),
    campaign: text('campaign').notNull(),
    version: integer('version').notNull(),
    at: epochMs('at').notNull(),
    /** The number of the goal's fact. Exact, because amounts of money are added up. */
    value: numeric('value', { mode: 'number' }),
    /** The last step whose message was sent before. */
    stepId: text('step_id'),
  },
  (t) => [index('goals_by_campaign').on(t.campaign, t.at)],
)

/** How many ended runs the purge has deleted, by outcome. `readCampaignTotals` adds them to the runs that exist. */
export const runTotals = pgTable(
  'run_totals',
  {
    campaign: text('campaign').notNull(),
    version: integer('version').notNull(),
    appId: text('app_id').notNull(),
    outcome: text('outcome').notNull(),
    runs: bigint('runs', { mode: 'number' }).notNull(),
  },
  (t) => [primaryKey({ columns: [t.campaign, t.version, t.appId, t.outcome] })],
)

/** How the steps of the deleted runs ended: `sent`, `skipped`, `unknown`. */
export const stepTotals = pgTable(
  'step_totals',
  {
    campaign: text('campaign').notNull(),
    version: integer('version').notNull(),
    appId: text('app_id').notNull(),
    stepId: text('step_id').notNull(),
    state: text('state').notNull(),
    steps: bigint('steps', { mode: 'number' }).notNull(),
  },
  (t) => [primaryKey({ columns: [t.campaign, t.version, t.appId, t.stepId, t.state] })],
)

/**
 * What the purges have counted of the runs and answers that they deleted. `readStatistics` adds it to those that exist. An answer
 * has the place of its row as `step`, like `answers.0`, the metric `answered`, and the day of the answer.
 */
export const campaignStatistics = pgTable(
  'campaign_statistics',
  {
    campaign: text('campaign').notNull(),
    version: integer('version').notNull(),
    appId: text('app_id').notNull(),
    /** The day of the entry. */
    day: text('day').notNull(),
    /** The pattern of the entry's scene; '' without one. */
    scene: text('scene').notNull(),
    /** The branches that shares have chosen, as `fork=branch,…`, both by number; '' without one. */
    variant: text('variant').notNull(),
    /** The id of a step, the number of a fork, the place of an answer, or '' for the run itself. */
    step: text('step').notNull(),
    metric: text('metric').notNull(),
    n: bigint('n', { mode: 'number' }).notNull(),
    /** The sum of the values of goals. */
    value: numeric('value', { mode: 'number' }).notNull().default(0),
  },
  (t) => [
    primaryKey({
      name: 'campaign_statistics_pk',
      columns: [t.campaign, t.day, t.version, t.appId, t.scene, t.variant, t.step, t.metric],
    }),
  ],
)

/**
 * What all processes have counted, in slots of ten minutes. For the overview: what a process counts in its last seconds before it is
 * killed is missing.
 */
export const activityCounts = pgTable(
  'activity_counts',
  {
    /** The start of the slot. */
    slot: epochMs('slot').notNull(),
    metric: text('metric').notNull(),
    /** The reason, outcome or bucket; '' without one. */
    label: text('label').notNull(),
    n: bigint('n', { mode: 'number' }).notNull(),
  },
  (t) => [primaryKey({ columns: [t.slot, t.metric, t.label] })],
)

/** Receivers of webhooks. Campaign files name them; address and secret are only here. */
export const webhookEndpoints = pgTable('webhook_endpoints', {
  name: text('name').primaryKey(),
  url: text('url').notNull(),
  /** Signs each request. */
  secretSealed: text('secret_sealed').notNull(),
  /** The secret before the last change. Requests have its signature too until `previousSecretUntil`. */
  previousSecretSealed: text('previous_secret_sealed'),
  previousSecretUntil: epochMs('previous_secret_until'),
  createdAt: epochMs('created_at').notNull(),
  updatedAt: epochMs('updated_at').notNull(),
})

/** Webhooks that wait to be sent, and those that were sent or have failed. A row is inserted with the result of its step. */
export const outbox = pgTable(
  'outbox',
  {
    id: bigserial('id', { mode: 'number' }).primaryKey(),
    runKey: text('run_key').notNull(),
    stepId: text('step_id').notNull(),
    /** The name of the endpoint. */
    endpoint: text('endpoint').notNull(),
    appId: text('app_id').notNull(),
    openId: text('open_id').notNull(),
    /** The request's body, byte for byte; null once it was delivered. */
    body: text('body'),
    state: text('state', { enum: ['waiting', 'delivered', 'failed'] })
      .notNull()
      .default('waiting'),
    attempts: integer('attempts').notNull().default(0),
    /** When it is due next. */
    nextAttemptAt: epochMs('next_attempt_at').notNull(),
    /** No attempt starts later. */
    giveUpAt: epochMs('give_up_at').notNull(),
    leaseOwnerId: text('lease_owner_id'),
    leaseExpiresAt: epochMs('lease_expires_at'),
    lastStatus: integer('last_status'),
    lastError: text('last_error'),
    createdAt: epochMs('created_at').notNull(),
    endedAt: epochMs('ended_at'),
  },
  (t) => [
    uniqueIndex('outbox_by_step').on(t.runKey, t.stepId),
    index('outbox_waiting').on(t.endpoint, t.nextAttemptAt).where(sql`${t.state} = 'waiting'`),
    index('outbox_failed').on(t.id).where(sql`${t.state} = 'failed'`),
    index('outbox_by_follower').on(t.appId, t.openId),
    index('outbox_by_end').on(t.endedAt).where(sql`${t.state} <> 'waiting'`),
  ],
)

/** Endpoints at which other systems set facts of followers and start runs. */
export const hooks = pgTable('hooks', {
  name: text('name').primaryKey(),
  settings: jsonb('settings').$type<HookSettings>().notNull(),
  /** Verifies the signature of each request. */
  secretSealed: text('secret_sealed').notNull(),
  /** The secret before the last change. It is accepted until `previousSecretUntil`. */
  previousSecretSealed: text('previous_secret_sealed'),
  previousSecretUntil: epochMs('previous_secret_until'),
  createdAt: epochMs('created_at').notNull(),
  updatedAt: epochMs('updated_at').notNull(),
})

/** Short links of rendered messages. */
export const links = pgTable(
  'links',
  {
    /** 128 random bits. The address of the link has nothing else. */
    token: text('token').primaryKey(),
    runKey: text('run_key').notNull(),
    stepId: text('step_id').notNull(),
    /** The name in the campaign file. */
    name: text('name').notNull(),
    /** Where the link leads. */
    url: text('url').notNull(),
    createdAt: epochMs('created_at').notNull(),
    firstClickAt: epochMs('first_click_at'),
    clicks: integer('clicks').notNull().default(0),
  },
  (t) => [uniqueIndex('links_by_step').on(t.runKey, t.stepId, t.name)],
)

/** Uploaded media, by the hash of their content. */
export const media = pgTable('media', {
  id: text('id').primaryKey(),
  type: text('type', { enum: ['image', 'voice', 'video', 'thumb'] }).notNull(),
  contentType: text('content_type').notNull(),
  filename: text('filename').notNull(),
  bytes: integer('bytes').notNull(),
  /** In base64, because the binary types of the drivers differ. */
  content: text('content').notNull(),
  createdAt: epochMs('created_at').notNull(),
})

/** WeChat's media_ids. A media_id belongs to one account and is valid for three days. */
export const mediaUploads = pgTable(
  'media_uploads',
  {
    appId: text('app_id').notNull(),
    mediaId: text('media_id').notNull(),
    /** The type that it was uploaded as. A JPEG can be an image or a thumb. */
    type: text('type').notNull(),
    wechatMediaId: text('wechat_media_id').notNull(),
    uploadedAt: epochMs('uploaded_at').notNull(),
  },
  (t) => [primaryKey({ columns: [t.appId, t.mediaId, t.type] })],
)

/** Tickets that WeChat pushes to the third-party platform every ten minutes. They fetch component tokens. */
export const componentTickets = pgTable('component_tickets', {
  componentAppId: text('component_app_id').primaryKey(),
  ticketSealed: text('ticket_sealed').notNull(),
  receivedAt: epochMs('received_at').notNull(),
  /** `CreateTime` of its push. */
  createTime: epochMs('create_time').notNull(),
})

/** Authorisations that were started at WeChat's page and have not returned yet. */
export const pendingAuthorisations = pgTable('pending_authorisations', {
  state: text('state').primaryKey(),
  createdAt: epochMs('created_at').notNull(),
  expiresAt: epochMs('expires_at').notNull(),
  /** The dedupe key of the returned authorisation code, as in `platform_events`; null: none yet. */
  codeKey: text('code_key'),
})

/** Authorisations and revocations. They are stored before WeChat is answered, and processed afterwards. */
export const platformEvents = pgTable(
  'platform_events',
  {
    id: bigserial('id', { mode: 'number' }).primaryKey(),
    dedupeKey: text('dedupe_key').notNull(),
    kind: text('kind', { enum: ['authorised', 'unauthorised'] }).notNull(),
    /** For an authorisation, known once its code was exchanged. */
    appId: text('app_id'),
    codeSealed: text('code_sealed'),
    receivedAt: epochMs('received_at').notNull(),
    /** When it happened by WeChat's clock; null while only the owner's browser has reported it. */
    createTime: epochMs('create_time'),
    attempts: integer('attempts').notNull().default(0),
    doneAt: epochMs('done_at'),
    /** Why the event failed, or why its last try failed. */
    error: text('error'),
  },
  (t) => [uniqueIndex('platform_events_dedupe_key').on(t.dedupeKey)],
)

/** Who changed what: users, API tokens, the admin token and the command line. */
export const auditLog = pgTable(
  'audit_log',
  {
    id: bigserial('id', { mode: 'number' }).primaryKey(),
    at: epochMs('at').notNull(),
    actor: text('actor').notNull(),
    action: text('action').notNull(),
    target: text('target').notNull(),
    details: jsonb('details'),
  },
  (t) => [
    index('audit_log_by_time').on(t.at),
    index('audit_log_by_actor').on(t.actor, t.id),
    index('audit_log_by_action').on(t.action, t.id),
    index('audit_log_by_target').on(t.target, t.id),
  ],
)

/** Periodic jobs, with the lease of the process that runs each. */
export const periodicJobs = pgTable('periodic_jobs', {
  name: text('name').primaryKey(),
  leaseOwnerId: text('lease_owner_id'),
  leaseExpiresAt: epochMs('lease_expires_at'),
  lastRunAt: epochMs('last_run_at'),
})

/** Users who sign in to the console or the CLI. */
export const users = pgTable('users', {
  name: text('name').primaryKey(),
  role: text('role', { enum: ['viewer', 'operator', 'admin'] }).notNull(),
  /** scrypt, with salt and costs. */
  passwordHash: text('password_hash').notNull(),
  createdAt: epochMs('created_at').notNull(),
  updatedAt: epochMs('updated_at').notNull(),
  /** When the user was disabled; null: may sign in. */
  disabledAt: epochMs('disabled_at'),
  /** The secret of the second factor (TOTP, RFC 6238); null: none. */
  totpSecretSealed: text('totp_secret_sealed'),
  /** When the second factor was enabled. */
  totpEnabledAt: epochMs('totp_enabled_at'),
  /** The newest time step with an accepted code. That code and older ones are refused. */
  totpLastStep: epochMs('totp_last_step'),
  /** The language of the console, `zh` or `en`; null: the browser's. */
  language: text('language'),
  /** The appearance of the console, `system`, `light` or `dark`; null: the browser's. */
  theme: text('theme'),
})

/** Hashes of codes that replace a lost second factor, once each. */
export const recoveryCodes = pgTable(
  'recovery_codes',
  {
    hash: text('hash').primaryKey(),
    userName: text('user_name').notNull(),
  },
  (t) => [index('recovery_codes_by_user').on(t.userName)],
)

/** Sign-ins with the right password that still need a second factor, or its set-up. */
export const signInChallenges = pgTable(
  'sign_in_challenges',
  {
    /** The hash of the browser's cookie. */
    hash: text('hash').primaryKey(),
    userName: text('user_name').notNull(),
    expiresAt: epochMs('expires_at').notNull(),
    /** The number of codes that were tried. */
    attempts: integer('attempts').notNull().default(0),
  },
  (t) => [index('sign_in_challenges_by_user').on(t.userName)],
)

/** Keyed hashes of locations that a user has signed in from. Failed sign-ins from other locations do not lock the user out there. */
export const signInLocations = pgTable(
  'sign_in_locations',
  {
    userName: text('user_name').notNull(),
    locationHash: text('location_hash').notNull(),
    lastUsedAt: epochMs('last_used_at').notNull(),
  },
  (t) => [primaryKey({ columns: [t.userName, t.locationHash] })],
)

/** Signed-in browsers, with a hash of their cookie. */
export const sessions = pgTable(
  'sessions',
  {
    hash: text('hash').primaryKey(),
    userName: text('user_name').notNull(),
    createdAt: epochMs('created_at').notNull(),
    expiresAt: epochMs('expires_at').notNull(),
  },
  (t) => [index('sessions_by_user').on(t.userName)],
)

/** API tokens. A token is shown once and stored as a hash. */
export const apiTokens = pgTable(
  'api_tokens',
  {
    id: text('id').primaryKey(),
    name: text('name').notNull(),
    role: text('role', { enum: ['viewer', 'operator', 'admin'] }).notNull(),
    hash: text('hash').notNull(),
    createdBy: text('created_by').notNull(),
    createdAt: epochMs('created_at').notNull(),
    expiresAt: epochMs('expires_at'),
    lastUsedAt: epochMs('last_used_at'),
  },
  (t) => [uniqueIndex('api_tokens_hash').on(t.hash)],
)

/** Facts about the store itself: its encryption keys, and the Temporal namespace of its runs. */
export const settings = pgTable('settings', {
  name: text('name').primaryKey(),
  value: text('value').notNull(),
  updatedAt: epochMs('updated_at').notNull(),
})
