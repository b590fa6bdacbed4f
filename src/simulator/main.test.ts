import { type ChildProcess, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { SLOW_UNIT_TIMEOUT_MS } from '../../test/harness/timeouts.ts'
import { type Command, readCommand } from './command.ts'

vi.setConfig({ testTimeout: SLOW_UNIT_TIMEOUT_MS, hookTimeout: SLOW_UNIT_TIMEOUT_MS })

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const TOKEN = 'testtoken'
const AES_KEY = 'testtesttesttesttesttesttesttesttesttesttes'

const ends: (() => unknown)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

/** Runs `npm run simulator` without npm. */
function start(args: string[]) {
  const child: ChildProcess = spawn(process.execPath, ['scripts/run.mjs', 'src/simulator/main.ts', ...args], {
    cwd: ROOT,
    env: { PATH: process.env.PATH },
  })
  ends.push(() => void child.kill('SIGKILL'))
  const output = { out: '', err: '' }
  child.stdout?.on('data', (text) => {
    output.out += text
  })
  child.stderr?.on('data', (text) => {
    output.err += text
  })
  const ended = new Promise<number | null>((resolve) => child.on('exit', resolve))
  return { child, output, ended }
}

/** A minimal callback server, as a developer writes it for a first try. */
async function callbackServer() {
  const received: string[] = []
  const server: Server = createServer((request, response) => {
    const query = new URL(request.url ?? '', 'http://here').searchParams
    const parts = [TOKEN, query.get('timestamp') ?? '', query.get('nonce') ?? ''].sort().join('')
    if (createHash('sha1').update(parts).digest('hex') !== query.get('signature')) {
      response.writeHead(403).end()
      return
    }
    if (request.method === 'GET') {
      received.push('GET')
      response.end(query.get('echostr'))
      return
    }
    let body = ''
    request.on('data', (text) => {
      body += text
    })
    request.on('end', () => {
      received.push(body)
      response.end('success')
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  ends.push(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/wx`, received }
}

const post = async (url: string, body: unknown): Promise<unknown> =>
  (
    await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
  ).json()

describe('npm run simulator', () => {
  it('serves the API, checks the server by GET, pushes a follow to it and ends cleanly', async () => {
    const server = await callbackServer()
    const account = `wxtest01,testsecret,${TOKEN},,plain,json,${server.url}`
    const { child, output, ended } = start(['--port', '0', '--account', account])
    await expect.poll(() => output.out).toMatch(/^ready http:\/\/127\.0\.0\.1:\d+\n$/)
    const url = output.out.slice('ready '.length).trim()
    expect(output.err).toContain(`${server.url} returned the echostr`)
    expect(output.err).toContain(`API base  ${url}`)
    expect(server.received).toEqual(['GET'])
    const credentials = { grant_type: 'client_credential', appid: 'wxtest01', secret: 'testsecret' }
    expect(await post(`${url}/cgi-bin/stable_token`, credentials)).toMatchObject({
      access_token: expect.any(String),
      expires_in: 7200,
    })
    expect(await post(`${url}/_sim/wxtest01/oTest/act`, { do: 'follow' })).toMatchObject({
      ok: true,
      attempts: 1,
    })
    expect(JSON.parse(server.received[1] ?? '')).toMatchObject({ Event: 'subscribe', FromUserName: 'oTest' })
    child.kill('SIGINT')
    expect(await ended).toBe(0)
  })

  it('reports an invalid flag and exits with 2', async () => {
    const { output, ended } = start(['--account', 'gh_1'])
    expect(await ended).toBe(2)
    expect(output.err).toMatch(/--account gh_1: appId: .*wx/)
    expect(output.out).toBe('')
  })
})

describe('the command line of the simulator', () => {
  const read = (args: string[], env: NodeJS.ProcessEnv = {}) => readCommand(args, env) as Command

  function configOf(content: string): string {
    const folder = mkdtempSync(join(tmpdir(), 'sim-'))
    ends.push(() => rmSync(folder, { recursive: true }))
    const path = join(folder, 'config.json')
    writeFileSync(path, content)
    return path
  }

  it('creates one account with generated credentials by default', () => {
    expect(read([])).toMatchObject({
      port: 3001,
      host: '127.0.0.1',
      statePath: undefined,
      accounts: [
        { appId: expect.stringMatching(/^wxtest/), mode: 'plain', format: 'xml', callbackUrl: null },
      ],
    })
  })

  it('accepts accounts with omitted fields, and a URL with commas', () => {
    const url = 'http://127.0.0.1:8080/a?x=1,2'
    const { accounts } = read([
      '--account',
      `wxtest01,testsecret,${TOKEN},${AES_KEY},security,json,${url}`,
      '--account',
      'wxtest02',
    ])
    expect(accounts).toMatchObject([
      {
        appId: 'wxtest01',
        appSecret: 'testsecret',
        token: TOKEN,
        encodingAesKey: AES_KEY,
        mode: 'security',
        format: 'json',
        callbackUrl: url,
      },
      { appId: 'wxtest02', mode: 'plain', appSecret: expect.any(String) },
    ])
  })

  it('reads a file, with or without a BOM, and the environment where a flag is absent', () => {
    const path = configOf(`\ufeff{"accounts": [{"appId": "wxtest03", "certified": false}]}`)
    const env = { SIMULATOR_CONFIG: path, SIMULATOR_PORT: '4000', SIMULATOR_STATE: 's.json' }
    expect(read(['--port', '5000'], env)).toMatchObject({
      port: 5000,
      statePath: 's.json',
      accounts: [{ appId: 'wxtest03', certified: false }],
      platforms: [],
    })
  })

  it.each<[string[], RegExp]>([
    [['--colour', 'red'], /'--colour'\. See --help/],
    [['--port', '70000'], /0 to 65535, not 70000/],
    [['--config', '/nowhere.json'], /Cannot read .*nowhere\.json/],
    [['--account', 'wxtest01', '--account', 'wxtest01'], /wxtest01 is given twice/],
    [['--account', 'wxtest01,s,to'], /token: /],
    [['--account', 'wxtest01,,,,fast'], /mode: /],
    [['--account', 'wxtest01,,,,,,ftp://a'], /callbackUrl: /],
  ])('rejects %j', (args, reason) => {
    expect(() => readCommand(args, {})).toThrow(reason)
  })

  it.each([
    ['{', /is not valid JSON/],
    ['{"accounts": [{"id": 1}]}', /accounts\.0: .*id/],
    ['{"platforms": [{"appId": "wxplatform01"}]}', /platforms\.0\.appSecret/],
  ])('rejects a file with %s', (content, reason) => {
    expect(() => readCommand(['--config', configOf(content)], {})).toThrow(reason)
  })
})
