import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, inject, it } from 'vitest'
import { loadConfig } from '../../src/config/config.ts'
import { connectTemporal } from '../../src/temporal/connection.ts'
import { cacheFolder, findTemporalServer } from '../../src/temporal/local-server/find-server.ts'
import { PortInUseError } from '../../src/temporal/local-server/ports.ts'
import { shardCalls } from '../../src/temporal/local-server/shard-watch.ts'
import { startLocalServer } from '../../src/temporal/local-server/start-server.ts'
import { createRunClient } from '../../src/temporal/run-client.ts'
import { httpStatusLine, listeningPorts } from '../harness/process/listening-ports.ts'
import { waitFor } from '../harness/wait-for.ts'
import { makeStart, planOf } from '../harness/workflow-harness.ts'

const folder = mkdtempSync(join(tmpdir(), 'follower-nurture-local-'))
afterAll(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }))

const isAlive = (pid: number) => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

describe('a supervised program', () => {
  it('ends when the process that started it is killed', async () => {
    const supervise = fileURLToPath(new URL('../../src/temporal/local-server/supervise.ts', import.meta.url))
    const pidFile = join(folder, 'pid')
    const program = `
      import { supervise } from ${JSON.stringify(supervise)}
      supervise('sh', ['-c', 'echo $$ > ${pidFile}; exec sleep 600'], { logFile: ${JSON.stringify(join(folder, 'log'))} })
      setInterval(() => {}, 1000)`
    const parent = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program], {
      stdio: ['ignore', 'ignore', 'inherit'],
    })
    const pid = () => {
      try {
        return Number(readFileSync(pidFile, 'utf8'))
      } catch {
        return 0
      }
    }
    await waitFor(() => pid() > 0)
    const child = pid()
    expect(isAlive(child)).toBe(true)
    parent.kill('SIGKILL')
    await waitFor(() => !isAlive(child))
  })
})

describe.skipIf(!inject('temporalAddress'))('the local Temporal server', () => {
  const start = async (port = 0) => {
    const binary = await findTemporalServer({ cacheDir: cacheFolder(loadConfig()), print: () => {} })
    return startLocalServer({ program: binary, dataDir: folder, port, uiPort: 0, namespace: 'default' })
  }

  it('keeps its runs over a restart', async () => {
    const followerKey = { appId: 'wxA', openId: 'oKept' }
    const first = await start()
    const began = makeStart(planOf([{ id: 'later', afterMs: 3_600_000 }]), Date.now())
    const link = connectTemporal({ namespace: 'default', connection: { address: first.address } }, 'test')
    const event = {
      ...began.entry,
      scene: 'subscribe' as const,
      allowance: { quota: 3, lifetimeMs: 60_000 },
      text: null,
    }
    await createRunClient(link.client).startOrSignal(followerKey, { ...event, start: began }, [])
    expect(await link.isUp()).toBe(true)
    await link.close()
    await first.stop()

    const second = await start()
    const reconnected = connectTemporal(
      { namespace: 'default', connection: { address: second.address } },
      'test',
    )
    expect(await createRunClient(reconnected.client).describe(followerKey)).toMatchObject({
      open: true,
      runKey: began.entry.key,
    })
    await reconnected.close()
    await second.stop()
  })

  it('acquires its shard again at the next call after it was closed, with its runs', async () => {
    const followerKey = { appId: 'wxA', openId: 'oReopened' }
    const server = await start()
    const calls = shardCalls(server.address, 'default')
    const link = connectTemporal({ namespace: 'default', connection: { address: server.address } }, 'test')
    const runs = createRunClient(link.client)
    const began = makeStart(planOf([{ id: 'later', afterMs: 3_600_000 }]), Date.now())
    const allowance = { quota: 3, lifetimeMs: 60_000 }
    const event = { ...began.entry, scene: 'subscribe' as const, allowance, text: null }
    await runs.startOrSignal(followerKey, { ...event, start: began }, [])
    await calls.close()
    await waitFor(async () => !(await calls.isUnknown()))
    expect(await runs.describe(followerKey)).toMatchObject({ open: true, runKey: began.entry.key })
    await Promise.all([calls.disconnect(), link.close()])
    await server.stop()
  })

  it('serves its Web UI', async ({ skip }) => {
    const { uiUrl, stop } = await start()
    const status = uiUrl && (await fetch(uiUrl)).status
    await stop()
    skip(uiUrl === null, 'the Web UI could not be built here')
    expect(status).toBe(200)
  })

  it.skipIf(process.platform !== 'linux')(
    'lets no web page start a run: only the Web UI answers browsers, and every port is on loopback',
    async () => {
      const { uiUrl, stop } = await start()
      // The first request starts the Web UI, which listens on a port of its own.
      const publicPort = uiUrl === null ? null : Number(new URL(uiUrl).port)
      if (uiUrl !== null) await fetch(uiUrl)
      const ports = listeningPorts(process.pid)
      // A simple request, which a page of any site may send without a preflight.
      const body = '{"workflowType": {"name": "FollowerNurture"}, "taskQueue": {"name": "nurture"}}'
      const numbers = [...ports.map(({ port }) => port), ...(publicPort === null ? [] : [publicPort])]
      const requests = [...new Set(numbers)].map(async (port) => {
        const head = `POST /api/v1/namespaces/default/workflows/run-of-a-page HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nOrigin: https://evil.example\r\nSec-Fetch-Site: cross-site\r\nContent-Type: text/plain`
        const request = `${head}\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`
        return [port, await httpStatusLine(port, request)] as const
      })
      const answers = (await Promise.all(requests)).filter(([, status]) => status !== '')
      await stop()
      expect(ports.length).toBeGreaterThan(2)
      expect(ports.filter((p) => !p.isLoopback)).toEqual([])
      for (const [, status] of answers) expect(status).toMatch(/^HTTP\/1.1 (403|404) /)
      // A server built with Go has no other port with HTTP/1. The `temporal` CLI opens two, one of them for metrics.
      const { kind } = await findTemporalServer({ cacheDir: cacheFolder(loadConfig()), print: () => {} })
      if (kind !== 'server') return
      expect(answers).toHaveLength(publicPort === null ? 0 : 2)
      if (publicPort !== null) expect(answers.map(([port]) => port)).toContain(publicPort)
    },
  )

  it('names a port in use and the variable that changes it', async () => {
    const server = createServer()
    const port = await new Promise<number>((resolve) =>
      server.listen(0, '127.0.0.1', () => {
        const at = server.address()
        resolve(typeof at === 'object' && at ? at.port : 0)
      }),
    )
    await expect(start(port)).rejects.toThrow(PortInUseError)
    await expect(start(port)).rejects.toThrow(/TEMPORAL_PORT/)
    server.close()
  })
})
