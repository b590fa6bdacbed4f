import { resolve } from 'node:path'
import { z } from 'zod'
import { isNetwork, LOOPBACK } from '../auth/http/ip-networks.ts'
import { readTraceSettings } from '../tracing/trace-settings.ts'
import { databaseUrlProblem } from './database-url.ts'
import { readEnvFile } from './env-file.ts'
import { readSecretFiles } from './secret-files.ts'
import { sameSecretMessage, weaknessMessage } from './secret-strength.ts'
import { hostPortProblem, webAddressProblem } from './web-address.ts'

/** The API address of WeChat itself. */
export const WECHAT_API = 'https://api.weixin.qq.com'

/** Digits only: 0x50 and 3e3 are refused. An empty variable counts as unset, see `loadConfig`. */
const integer = (min: number, max: number, fallback: number) =>
  z
    .string()
    .trim()
    .refine(
      (text) => /^\d{1,9}$/.test(text) && Number(text) >= min && Number(text) <= max,
      `must be a whole number from ${min} to ${max}`,
    )
    .transform(Number)
    .default(fallback)
const port = (fallback: number) => integer(0, 65_535, fallback)
const optional = z.string().optional()
/** A text for which the check returns no problem. */
const checkedBy = (problemOf: (text: string) => string | null) =>
  z.string().superRefine((text, ctx) => {
    const message = problemOf(text)
    if (message !== null) ctx.addIssue({ code: 'custom', message })
  })
const webAddress = checkedBy((text) => webAddressProblem(text))

/** Temporal stores it in many rows and queries it: it must be short, without characters of the query language. */
const deploymentPart = optional.refine(
  (v) => v === undefined || /^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$/.test(v),
  'must be a letter or digit, then up to 31 letters, digits, - or _',
)

const schema = z.object({
  PORT: port(3000),
  HOST: z.string().default('127.0.0.1'),
  DATA_DIR: z.string().default('.data'),
  DATABASE_URL: checkedBy(databaseUrlProblem).optional(),
  VISIBILITY_DATABASE_URL: checkedBy(databaseUrlProblem).optional(),
  TEMPORAL_ADDRESS: checkedBy(hostPortProblem).optional(),
  TEMPORAL_PROFILE: optional,
  TEMPORAL_NAMESPACE: z.string().default('default'),
  TEMPORAL_PORT: port(7233),
  TEMPORAL_UI_PORT: port(8233),
  TEMPORAL_UI_URL: checkedBy((text) => webAddressProblem(text, { query: true })).optional(),
  DEPLOYMENT_NAME: deploymentPart,
  BUILD_ID: optional,
  WECHAT_API_BASE: webAddress.default(WECHAT_API),
  ADMIN_TOKEN: optional,
  ENCRYPTION_KEY: optional,
  ENCRYPTION_KEY_PREVIOUS: optional,
  PAYLOAD_ENCRYPTION: z.enum(['on', 'off']).default('on'),
  SIMULATOR: z.enum(['on', 'off']).default('on'),
  SIMULATOR_PORT: port(3001),
  WORKER_PORT: port(3002),
  WORKFLOW_BUNDLE: optional,
  CACHED_RUNS: integer(0, 100_000, 0),
  RETENTION_DAYS: integer(1, 36_500, 30),
  RUN_RETENTION_DAYS: integer(0, 36_500, 90),
  FORWARD_PRIVATE: z.enum(['on', 'off']).default('off'),
  WEBHOOK_PRIVATE: z.enum(['on', 'off']).default('off'),
  CALLBACK_MAX_AGE: integer(0, 999_999_999, 600),
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
  COMPONENT_APP_ID: optional,
  COMPONENT_APP_SECRET: optional,
  COMPONENT_TOKEN: optional,
  COMPONENT_AES_KEY: optional,
  COMPONENT_AES_KEY_PREVIOUS: optional,
  PUBLIC_URL: webAddress.optional(),
  TRUSTED_PROXIES: z
    .string()
    .default(LOOPBACK.join(','))
    .transform((text) => text.split(',').flatMap((part) => part.trim() || []))
    .refine((networks) => networks.every(isNetwork), 'must be addresses or networks, like 10.0.0.0/8'),
  REQUIRE_2FA: z.enum(['on', 'off']).default('off'),
  NURTURE_URL: webAddress.optional(),
  NURTURE_TOKEN: optional,
  FOLLOWER_NURTURE_CACHE: optional,
})

/** All settings of a process, read once. Durations in ms. */
export type Config = ReturnType<typeof loadConfig>

/** The environment is invalid. The message names each variable and the allowed values. Exit code 2. */
export class ConfigError extends Error {
  override name = 'ConfigError'
}

/**
 * Reads the environment and `.env` into settings. Nothing else reads the environment.
 * @throws ConfigError naming every invalid variable
 */
export function loadConfig(settings?: Record<string, string | undefined>) {
  const file = settings ? { env: {}, problems: [] } : readEnvFile(resolve('.env'))
  const { env, problems } = readSecretFiles({ ...file.env, ...(settings ?? process.env) })
  problems.unshift(...file.problems)
  // Compose files and control panels set empty variables.
  const set = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''))
  const parsed = schema.safeParse(set)
  const traces = readTraceSettings(env)
  problems.push(...traces.problems)
  if (!parsed.success || problems.length > 0) {
    const invalid = parsed.error?.issues.map((i) => `${i.path.join('.')}: ${i.message}`) ?? []
    const lines = [...problems, ...invalid].map((line) => `  ${line}`)
    throw new ConfigError(`Invalid settings:\n${lines.join('\n')}\nSee docs/configure.md for each variable.`)
  }
  const e = parsed.data
  return {
    port: e.PORT,
    host: e.HOST,
    dataDir: e.DATA_DIR,
    databaseUrl: e.DATABASE_URL,
    /** Temporal's visibility database on PostgreSQL, for the CLI. */
    visibilityDatabaseUrl: e.VISIBILITY_DATABASE_URL,
    /** Without address and profile, `npm start` runs a local Temporal server. */
    temporal: {
      address: e.TEMPORAL_ADDRESS,
      profile: e.TEMPORAL_PROFILE,
      namespace: e.TEMPORAL_NAMESPACE,
      /** All `TEMPORAL_*` variables, for the SDK's own reader. An empty API key would switch TLS on, so empty ones are left out. */
      env: Object.fromEntries(
        Object.entries(env).filter(
          (v): v is [string, string] => v[0].startsWith('TEMPORAL_') && v[1] !== undefined && v[1] !== '',
        ),
      ),
      localPort: e.TEMPORAL_PORT,
      localUiPort: e.TEMPORAL_UI_PORT,
      uiUrl: e.TEMPORAL_UI_URL,
    },
    /** Worker versioning; null: off. `BUILD_ID` alone does not switch it on, because build servers set that variable too. */
    deployment: e.DEPLOYMENT_NAME ? { name: e.DEPLOYMENT_NAME, buildId: e.BUILD_ID } : null,
    wechatApiBase: e.WECHAT_API_BASE.replace(/\/$/, ''),
    adminToken: e.ADMIN_TOKEN,
    encryptionKey: e.ENCRYPTION_KEY,
    /** Keys that can still decrypt. Nothing is encrypted with them. */
    previousKeys: (e.ENCRYPTION_KEY_PREVIOUS ?? '')
      .split(',')
      .map((key) => key.trim())
      .filter((key) => key !== ''),
    /** Whether the payloads of Temporal's histories are encrypted. */
    payloadEncryption: e.PAYLOAD_ENCRYPTION === 'on',
    simulator: e.SIMULATOR === 'on',
    simulatorPort: e.SIMULATOR_PORT,
    workerPort: e.WORKER_PORT,
    /** The bundle that `npm run build` wrote. Absent: each worker bundles the workflows at its start. */
    workflowBundle: e.WORKFLOW_BUNDLE,
    /** How many runs a worker keeps in memory; 0: by its memory. */
    cachedRuns: e.CACHED_RUNS,
    retentionDays: e.RETENTION_DAYS,
    /** How long the store keeps ended runs; 0: indefinitely. Never shorter than `retentionDays`. */
    runRetentionDays: e.RUN_RETENTION_DAYS,
    /** Whether events may be forwarded to private addresses. */
    forwardPrivate: e.FORWARD_PRIVATE === 'on',
    /** Whether webhooks may be sent by http, and to private addresses. */
    webhookPrivate: e.WEBHOOK_PRIVATE === 'on',
    callbackMaxAgeMs: e.CALLBACK_MAX_AGE * 1000,
    logLevel: e.LOG_LEVEL,
    /** How traces are exported; null: tracing is off. */
    traces: traces.settings,
    /** The URL at which browsers, account owners and WeChat reach this deployment. */
    publicUrl: e.PUBLIC_URL?.replace(/\/$/, ''),
    /** Addresses and networks of proxies whose `X-Forwarded-…` headers are trusted. */
    trustedProxies: e.TRUSTED_PROXIES,
    /** Whether users without a second factor must set one up before they can do anything else. */
    requireSecondFactor: e.REQUIRE_2FA === 'on',
    /** The third-party platform (第三方平台); null when none is configured. */
    platform: platformOf(e),
    /** The URL of the FollowerNurture that the CLI calls. */
    nurtureUrl: e.NURTURE_URL,
    /** The API token of the CLI. */
    nurtureToken: e.NURTURE_TOKEN,
    cacheDir: e.FOLLOWER_NURTURE_CACHE,
  }
}

/** The credentials of a third-party platform, and the URL at which WeChat and account owners reach it. */
export interface PlatformConfig {
  appId: string
  appSecret: string
  token: string
  aesKey: string
  /** WeChat still uses the previous key for a while after a change. */
  previousAesKey: string | null
  /** Without a trailing slash. */
  publicUrl: string
  /**
   * The API and pages of a simulated WeChat, for the platform and the accounts that authorise it. Absent:
   * `wechatApiBase`.
   */
  apiBase?: string
}

/** @throws ConfigError when only some of the variables of the platform are set */
function platformOf(e: z.output<typeof schema>): PlatformConfig | null {
  const needed = {
    COMPONENT_APP_ID: e.COMPONENT_APP_ID,
    COMPONENT_APP_SECRET: e.COMPONENT_APP_SECRET,
    COMPONENT_TOKEN: e.COMPONENT_TOKEN,
    COMPONENT_AES_KEY: e.COMPONENT_AES_KEY,
    PUBLIC_URL: e.PUBLIC_URL,
  }
  const missing = Object.entries(needed).flatMap(([name, value]) => (value ? [] : [name]))
  const component = Object.keys(needed).filter((name) => name.startsWith('COMPONENT_'))
  if (component.every((name) => missing.includes(name))) return null
  if (missing.length > 0) {
    throw new ConfigError(
      `The third-party platform is partially configured. Also set ${missing.join(', ')}. See docs/configure.md.`,
    )
  }
  return {
    appId: e.COMPONENT_APP_ID ?? '',
    appSecret: e.COMPONENT_APP_SECRET ?? '',
    token: e.COMPONENT_TOKEN ?? '',
    aesKey: e.COMPONENT_AES_KEY ?? '',
    previousAesKey: e.COMPONENT_AES_KEY_PREVIOUS ?? null,
    publicUrl: (e.PUBLIC_URL ?? '').replace(/\/$/, ''),
  }
}

/**
 * The settings that production roles require.
 * @throws ConfigError naming each missing variable, each secret that could be guessed, and two equal secrets
 */
export function requireProduction(config: Config) {
  const needed = {
    DATABASE_URL: config.databaseUrl,
    ADMIN_TOKEN: config.adminToken,
    ENCRYPTION_KEY: config.encryptionKey,
  }
  const missing = Object.entries(needed)
    .filter(([, value]) => !value)
    .map(([name]) => name)
  if (missing.length > 0)
    throw new ConfigError(
      `This role needs ${missing.join(', ')}. Set ${missing.length > 1 ? 'them' : 'it'} in the environment or in .env; docs/configure.md explains how to generate the values.`,
    )
  const { databaseUrl = '', adminToken = '', encryptionKey = '' } = config
  const weak = [
    weaknessMessage('ENCRYPTION_KEY', encryptionKey),
    weaknessMessage('ADMIN_TOKEN', adminToken),
    sameSecretMessage(encryptionKey, adminToken),
  ]
  if (weak.some((message) => message !== null))
    throw new ConfigError(weak.filter((message) => message !== null).join('\n'))
  return { databaseUrl, adminToken, encryptionKey }
}

/** Identifies a build of the workflow code in Temporal. */
export interface WorkerVersion {
  deploymentName: string
  buildId: string
}

/**
 * The version of a worker; null when versioning is off.
 * @throws ConfigError when the build id is missing or invalid
 */
export function workerVersion({ deployment }: Config): WorkerVersion | null {
  if (!deployment) return null
  const { name, buildId } = deployment
  if (!buildId || !isBuildId(buildId)) {
    throw new ConfigError(
      `DEPLOYMENT_NAME is set, so BUILD_ID must be set too: ${BUILD_ID_RULE}. See docs/upgrade.md.`,
    )
  }
  return { deploymentName: name, buildId }
}

/** What `isBuildId` checks, to continue a message. */
export const BUILD_ID_RULE = 'a letter or digit, then up to 31 letters, digits, dots, - or _'

export function isBuildId(text: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$/.test(text)
}

/** The folder that the user ran the command in. npm runs scripts in the folder of the project. */
export function callerFolder(): string {
  return process.env.INIT_CWD ?? process.cwd()
}
