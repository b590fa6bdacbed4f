import { checkUrl } from './callbacks/callback-url.ts'
import { type Command, HELP, readCommand, UsageError } from './command.ts'
import { createSimulator, type Simulator } from './index.ts'

/** The process exits at a second signal, or this long after the first one, whatever is still running. */
const STOP_WITHIN_MS = 5_000
const TICKET_EVERY_MS = 600_000

const log = (line: string) => void process.stderr.write(`${line}\n`)

/** `npm run simulator`: the simulated WeChat alone, without the product, its store and Temporal. */
try {
  const command = readCommand(process.argv.slice(2), process.env)
  if (command === 'help') process.stdout.write(HELP)
  else await run(command)
} catch (err) {
  if (err instanceof UsageError) log(err.message)
  else if (isTaken(err))
    log(`Port ${err.port} is in use by another program. Choose another port with --port.`)
  else log(err instanceof Error ? (err.stack ?? err.message) : String(err))
  process.exit(err instanceof UsageError || isTaken(err) ? 2 : 1)
}

async function run(command: Command): Promise<void> {
  const { statePath } = command
  // The simulator must serve the host name that it listens on.
  const allowedHosts = [...command.allowedHosts, command.host.toLowerCase()]
  const simulator = createSimulator({ allowedHosts, ...(statePath === undefined ? {} : { statePath }) })
  for (const account of command.accounts) simulator.addAccount(account)
  const { url } = await simulator.listen(command.port, command.host)
  endOnSignals(simulator)
  log(`API base  ${url}  (instead of https://api.weixin.qq.com and https://mp.weixin.qq.com)`)
  log(`pages     ${url}/accounts`)
  for (const platform of command.platforms) {
    const component = simulator.addComponent({ ...platform, ticketEveryMs: TICKET_EVERY_MS })
    const push = await component.pushTicket()
    log(
      `platform  ${platform.appId}  ticket ${push.ok ? 'accepted' : `not accepted: ${push.status ?? push.body}`}`,
    )
  }
  for (const account of simulator.wechat.accounts.values()) {
    log(`account   ${account.appId}  secret ${account.appSecret}  token ${account.token}`)
    if (account.mode !== 'plain') log(`          ${account.mode}  EncodingAESKey ${account.encodingAesKey}`)
    log(`          ${await callbackLine(simulator, account)}`)
  }
  process.stdout.write(`ready ${url}\n`)
}

async function callbackLine(
  simulator: Simulator,
  { appId, callbackUrl, token }: { appId: string; callbackUrl: string | null; token: string },
): Promise<string> {
  if (callbackUrl === null)
    return `no callback server; enter one on ${simulator.wechat.origin}/accounts/${appId}/server`
  const { answerTimeoutMs } = simulator.wechat
  const check = await checkUrl({ callbackUrl, token }, { now: Date.now(), timeoutMs: answerTimeoutMs })
  return check.ok ? `${callbackUrl} returned the echostr` : `${callbackUrl}: ${check.reason.en}`
}

function endOnSignals(simulator: Simulator): void {
  let isStopping = false
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (isStopping) process.exit(1)
      isStopping = true
      setTimeout(() => process.exit(1), STOP_WITHIN_MS).unref()
      void simulator.close().then(() => process.exit(0))
    })
  }
}

function isTaken(err: unknown): err is Error & { port: number } {
  return err instanceof Error && 'code' in err && err.code === 'EADDRINUSE' && 'port' in err
}
