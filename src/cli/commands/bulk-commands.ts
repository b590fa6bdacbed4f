import { setTimeout as sleep } from 'node:timers/promises'
import { Argument, InvalidArgumentError, Option } from '@commander-js/extra-typings'
import { type BulkJobView, overOf } from '../../api/views/bulk-job-view.ts'
import { SECOND_MS } from '../../shared/time-units.ts'
import { BULK_RESULTS } from '../../store/bulk/bulk-results.ts'
import { callApi, fetchAllPages, type ServerOptions, urlOption } from '../api-client.ts'
import { command, commandGroup, type Output, printing, type Terminal, UsageError } from '../cli-command.ts'
import { toCount } from '../option-parsers.ts'
import { table } from '../table.ts'

const ACTIONS = ['pause', 'resume', 'cancel'] as const
type Action = (typeof ACTIONS)[number]

/** How often `--wait` asks for the progress. */
const POLL_MS = SECOND_MS

export const bulkCommands = (terminal: Terminal) =>
  commandGroup('bulk', 'Pause, resume or cancel the runs of many followers 批量操作', [
    count(terminal),
    start(terminal),
    status(terminal),
    stop(terminal),
    followers(terminal),
  ])

const resultOption = new Option('--result <result>', 'Of --job: what became of the run').choices(BULK_RESULTS)

/** A command with the options that select followers. */
const selecting = (name: string, description: string) =>
  command(name, description)
    .addArgument(new Argument('<action>', 'What is done').choices(ACTIONS))
    .option('--campaign <id>', 'Only runs of this campaign')
    .option('--file-version <number>', 'Only this version of the campaign', toCount)
    .option('--account <appId>', 'Only followers of this account')
    .addOption(new Option('--status <status>', 'Only runs in this state').choices(['active', 'paused']))
    .option(
      '--step-reason <reason>',
      'Only runs with a step that is held or was skipped for it, like no-grant',
    )
    .option('--scene <scene>', 'Only followers who came by this QR code')
    .option('--tag <name>', 'Only followers with this tag')
    .option('--closing <hours>', 'Only runs whose window closes within so many hours, at most 48', toCount)
    .option('--open-id <beginning>', 'Only followers whose openId begins with this')
    .option('--job <id>', 'Only followers of this bulk job')
    .addOption(resultOption)
    .option(
      '--follower <appId/openId>',
      'A follower, instead of the options above; repeat for more',
      toFollowers,
    )
    .option('--all', 'Everybody: needed without any other option')
    .addOption(urlOption)

interface Selecting {
  campaign?: string | undefined
  fileVersion?: number | undefined
  account?: string | undefined
  status?: string | undefined
  stepReason?: string | undefined
  scene?: string | undefined
  tag?: string | undefined
  closing?: number | undefined
  openId?: string | undefined
  job?: string | undefined
  result?: string | undefined
  follower?: Follower[] | undefined
  all?: true | undefined
}

interface Follower {
  appId: string
  openId: string
}

/** @throws InvalidArgumentError */
function toFollowers(text: string, earlier: Follower[] | undefined): Follower[] {
  const [appId, openId, ...more] = text.split('/')
  if (!appId || !openId || more.length > 0)
    throw new InvalidArgumentError(`Write APPID/OPENID, not "${text}".`)
  return [...(earlier ?? []), { appId, openId }]
}

/** The selection of a request. @throws UsageError when nothing, or everything twice, is selected */
function selectionOf(options: Selecting): { filter: object } | { followers: Follower[] } {
  const { campaign, account, status: state, stepReason, scene, tag, closing, openId } = options
  const filter = {
    ...{ campaign, version: options.fileVersion, appId: account, status: state, reason: stepReason },
    ...{ scene, tag, closing, openId, bulkJob: options.job, bulkResult: options.result },
  }
  const isFiltered = Object.values(filter).some((value) => value !== undefined)
  const ways = [isFiltered, options.follower !== undefined, options.all === true].filter(Boolean)
  if (ways.length === 0) throw new UsageError('Select followers, or give --all to select everybody.')
  if (ways.length > 1) throw new UsageError('Give either --follower, or --all, or the other options.')
  return options.follower ? { followers: options.follower } : { filter }
}

interface Counted {
  action: Action
  count: number
  closingSoon: number
}

const countRuns = (options: ServerOptions & Selecting, action: Action) =>
  callApi<Counted>(options, {
    method: 'POST',
    path: '/api/followers/bulk',
    json: { action, ...selectionOf(options), dryRun: true },
  })

const countText = ({ action, count: n, closingSoon }: Counted) =>
  `${action}: ${n} runs${closingSoon > 0 ? `; the windows of ${closingSoon} close within 24 h` : ''}`

const count = (terminal: Terminal) =>
  selecting('count', 'Count the runs that a job would change, and change nothing').action(
    printing(terminal, async (action, options) => {
      const counted = await countRuns(options, action)
      return { value: counted, text: countText(counted) }
    }),
  )

const waitOption = new Option('--wait', 'Show the progress until the job has ended')

const start = (terminal: Terminal) =>
  selecting('start', 'Change the selected runs, in a job')
    .option('--reason <text>', 'Of a cancel: why, for the record')
    .option('--key <text>', 'The same key starts the same job once, for scripts that repeat')
    .addOption(waitOption)
    .action(
      printing(terminal, async (action, { reason, key, wait, ...options }) => {
        const job = await callApi<BulkJobView>(options, {
          method: 'POST',
          path: '/api/followers/bulk',
          json: { action, ...selectionOf(options), ...(reason === undefined ? {} : { reason }) },
          headers: key === undefined ? {} : { 'idempotency-key': key },
        })
        return wait ? watch(terminal, options, job) : jobOutput(job)
      }),
    )

const status = (terminal: Terminal) =>
  command('status', 'Show a job, or the newest jobs')
    .argument('[job]', 'Id of the job')
    .addOption(waitOption)
    .addOption(urlOption)
    .action(
      printing(terminal, async (id, { wait, ...options }) => {
        if (id === undefined) {
          if (wait) throw new UsageError('--wait needs the id of a job.')
          return listJobs(options)
        }
        const job = await callApi<BulkJobView>(options, { path: jobPath(id) })
        return wait ? watch(terminal, options, job) : jobOutput(job)
      }),
    )

const stop = (terminal: Terminal) =>
  command('stop', 'Stop a job: the runs that it has not changed stay as they are')
    .argument('<job>', 'Id of the job')
    .addOption(urlOption)
    .action(
      printing(terminal, async (id, options) => {
        const job = await callApi<BulkJobView>(options, { method: 'POST', path: `${jobPath(id)}/stop` })
        return { ...jobOutput(job), failed: false }
      }),
    )

const followers = (terminal: Terminal) =>
  command('followers', 'List the followers of a job')
    .argument('<job>', 'Id of the job')
    .addOption(resultOption)
    .addOption(urlOption)
    .action(
      printing(terminal, async (id, { result, ...options }) => {
        await callApi(options, { path: jobPath(id) })
        const items = await fetchAllPages<Follower & { campaign: string; status: string }>(
          options,
          '/api/followers',
          { bulkJob: id, bulkResult: result },
        )
        const rows = items.map((f) => [f.appId, f.openId, f.campaign, f.status])
        return { value: { items }, text: table(['appId', 'openId', 'campaign', 'status'], rows) }
      }),
    )

const jobPath = (id: string) => `/api/bulk-jobs/${encodeURIComponent(id)}`

async function listJobs(options: ServerOptions): Promise<Output> {
  const page = await callApi<{ items: BulkJobView[] }>(options, { path: '/api/bulk-jobs' })
  const rows = page.items.map((job) => [
    job.id,
    job.action,
    job.state,
    `${overOf(job)}/${job.total}`,
    job.done,
    job.ended,
    job.failed,
    job.createdBy,
    job.createdAt,
  ])
  const header = ['job', 'action', 'state', 'over', 'done', 'had ended', 'failed', 'by', 'begun']
  return { value: page, text: table(header, rows) }
}

/** Prints the progress to standard error until the job has ended. */
async function watch(terminal: Terminal, options: ServerOptions, begun: BulkJobView): Promise<Output> {
  const { id } = begun
  if (begun.state === 'running')
    terminal.err(
      `Job ${id} runs on the server. Ctrl-C ends only this display; nurture bulk stop ${id} stops it.`,
    )
  let job = begun
  let shown = ''
  while (job.state === 'running') {
    const line = progressOf(job)
    if (line !== shown) terminal.err(line)
    shown = line
    await sleep(POLL_MS)
    job = await callApi<BulkJobView>(options, { path: jobPath(id) })
  }
  return jobOutput(job)
}

/** A job of which runs have failed sets exit code 1. */
function jobOutput(job: BulkJobView): Output {
  return {
    value: job,
    text: `${job.id}  ${job.action} ${job.state}: ${progressOf(job)}`,
    failed: job.failed > 0,
  }
}

function progressOf(job: BulkJobView): string {
  const { total, done, ended, failed, state } = job
  const left = total - overOf(job)
  const rest = left === 0 ? '' : state === 'running' ? `, ${left} left` : `, ${left} left unchanged`
  return `${overOf(job)} of ${total} (${done} done, ${ended} had ended, ${failed} failed${rest})`
}
