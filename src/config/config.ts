import { resolve } from 'node:path'
import { z } from 'zod'
import { isNetwork, LOOPBACK } from '../auth/http/ip-networks.ts'
import { readTraceSettings } from '../tracing/trace-settings.ts'
import { databaseUrlProblem } from './database-url.ts'
import { readEnvFile } from './env-file.ts'
import { readSecretFiles } from './secret-files.ts'
import { sameSecretMessage, weaknessMessage } from './secret-strength.ts'
import { hostPortProblem, webAddressProblem } from './web-address.ts'

/** WeChat itself; a simulator or a proxy is elsewhere. */
export const WECHAT_API = 'https://api.weixin.qq.com'

/** Digits only: 0x50 and 3e3 are slips. An empty variable is as good as none, see `loadConfig`. */
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
/** A text that one of the `…Trouble` functions has nothing against. */
const checkedBy = (problemOf: (text: string) => string | null) =>
  z.string().superRefine((text, ctx) => {
    const message = problemOf(text)
    if (message !== null) ctx.addIssue({ code: 'custom', message })
  })
const webAddress = checkedBy((text) => webAddressProblem(text))

/** Both stand in many of Temporal's rows, and in its queries: short, and no sign that means something there. */
const deploymentPart = optional.refine(
  (v) => v === undefined || /^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$/.test(v),
  'must be 1 to 32 letters, digits, - or _',
)

const schema = z.object({
  PORT: port(3000),
  HOST: z.string().default('127.0.0.1'),
  DATA_DIR: z.string().default('.data'),
  DATABASE_URL: checkedBy(databaseUrlProblem).optional(),
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
  RETENTION_DAYS: integer(1, 36_500, 30),
  FORWARD_PRIVATE: z.enum(['on', 'off']).default('off'),
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

/** The environment is wrong; the message names each variable and what is allowed. Exit code 2. */
export class ConfigError extends Error {
  override name = 'ConfigError'
}

/**
 * Reads the environment (and `.env`) into settings: the only place that does.
 * @throws ConfigError naming every variable that is wrong
 */
export function loadConfig(settings?: Record<string, string | undefined>) {
  const file = settings ? { env: {}, problems: [] } : readEnvFile(resolve('.env'))
  const { env, problems } = readSecretFiles({ ...file.env, ...(settings ?? process.env) })
  problems.unshift(...file.problems)
  // Compose files and panels pass empty variables on.
  const set = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''))
  const parsed = schema.safeParse(set)
  const traces = readTraceSettings(env)
  problems.push(...traces.problems)
  if (!parsed.success || problems.length > 0) {
    const invalid = parsed.error?.issues.map((i) => `${i.path.join('.')}: ${i.message}`) ?? []
    const lines = [...problems, ...invalid].map((line) => `  ${line}`)
    throw new ConfigError(
      `Settings are wrong:\n${lines.join('\n')}\nSee docs/configure.md for each variable.`,
    )
  }
  const e = parsed.data
  return {
    port: e.PORT,
    host: e.HOST,
    dataDir: e.DATA_DIR,
    databaseUrl: e.DATABASE_URL,
    /** Absent both: the local engine. */
    temporal: {
      address: e.TEMPORAL_ADDRESS,
      profile: e.TEMPORAL_PROFILE,
      namespace: e.TEMPORAL_NAMESPACE,
      /** All `TEMPORAL_*` variables, for the SDK's own reader; to it an empty API key would be one, and switch TLS on. */
      env: Object.fromEntries(
        Object.entries(env).filter(
          (v): v is [string, string] => v[0].startsWith('TEMPORAL_') && v[1] !== undefined && v[1] !== '',
        ),
      ),
      localPort: e.TEMPORAL_PORT,
      localUiPort: e.TEMPORAL_UI_PORT,
      uiUrl: e.TEMPORAL_UI_URL,
    },
    /** Worker versioning; absent: off. `BUILD_ID` alone says nothing: build servers set one for their own ends. */
    deployment: e.DEPLOYMENT_NAME ? { name: e.DEPLOYMENT_NAME, buildId: e.BUILD_ID } : null,
    wechatApiBase: e.WECHAT_API_BASE.replace(/\/$/, ''),
    adminToken: e.ADMIN_TOKEN,
    encryptionKey: e.ENCRYPTION_KEY,
    /** Keys that are readable beside it. */
    previousKeys: (e.ENCRYPTION_KEY_PREVIOUS ?? '')
      .split(',')
      .map((key) => key.trim())
      .filter((key) => key !== ''),
    /** Whether what goes into Temporal's histories is encrypted. */
    payloadEncryption: e.PAYLOAD_ENCRYPTION === 'on',
    simulator: e.SIMULATOR === 'on',
    simulatorPort: e.SIMULATOR_PORT,
    workerPort: e.WORKER_PORT,
    /** What `npm run build` wrote; absent: each worker bundles the workflows when it starts. */
    workflowBundle: e.WORKFLOW_BUNDLE,
    retentionDays: e.RETENTION_DAYS,
    /** Whether events may be forwarded to addresses of our own network. */
    forwardPrivate: e.FORWARD_PRIVATE === 'on',
    callbackMaxAgeMs: e.CALLBACK_MAX_AGE * 1000,
    logLevel: e.LOG_LEVEL,
    /** How traces are sent; null: there are none. */
    traces: traces.settings,
    /** Where browsers, owners and WeChat reach this deployment. */
    publicUrl: e.PUBLIC_URL?.replace(/\/$/, ''),
    /** Whose word counts on where a request came from: addresses and networks. */
    trustedProxies: e.TRUSTED_PROXIES,
    /** Whether people without a second factor must set one up before anything opens. */
    requireSecondFactor: e.REQUIRE_2FA === 'on',
    /** The third-party platform (第三方平台); null when none is configured. */
    platform: platformOf(e),
    /** Where the CLI finds a running FollowerNurture. */
    nurtureUrl: e.NURTURE_URL,
    /** The token that the CLI shows there. */
    nurtureToken: e.NURTURE_TOKEN,
    cacheDir: e.FOLLOWER_NURTURE_CACHE,
  }
}

/** A third-party platform's credentials at WeChat, and where WeChat and owners reach us. */
export interface PlatformConfig {
  appId: string
  appSecret: string
  token: string
  aesKey: string
  /** Still used by WeChat for a while after the key was changed. */
  previousAesKey: string | null
  /** Without a slash at its end. */
  publicUrl: string
  /**
   * Where the platform's calls go, and those of the accounts that authorise it: a simulated WeChat, with its pages.
   * Absent: `wechatApiBase`.
   */
  apiBase?: string
}

/** @throws ConfigError when some of the platform's variables are set and others are not */
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
      `The third-party platform is configured by halves: ${missing.join(', ')} missing. See docs/configure.md.`,
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
 * What production roles cannot do without.
 * @throws ConfigError naming each missing variable, each secret that could be found by trying, and two that are one
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
      `This role needs ${missing.join(', ')}. Set ${missing.length > 1 ? 'them' : 'it'} in the environment or in .env; docs/configure.md says how to make good values.`,
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

/** A build of the workflow code, as Temporal knows it. */
export interface WorkerVersion {
  deploymentName: string
  buildId: string
}

/**
 * Which version a worker is; null where versioning is off.
 * @throws ConfigError when the build id is missing or not to be used
 */
export function workerVersion({ deployment }: Config): WorkerVersion | null {
  if (!deployment) return null
  const { name, buildId } = deployment
  if (!buildId || !isBuildId(buildId)) {
    throw new ConfigError(
      `DEPLOYMENT_NAME is set, so BUILD_ID must say which build this is: ${BUILD_ID_RULE}. See docs/upgrade.md.`,
    )
  }
  return { deploymentName: name, buildId }
}

export const BUILD_ID_RULE = '1 to 32 letters, digits, dots, - or _'

export function isBuildId(text: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$/.test(text)
}

/** The folder in which a command was typed; npm runs scripts in the project's. */
export function callerFolder(): string {
  return process.env.INIT_CWD ?? process.cwd()
}
