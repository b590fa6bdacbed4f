import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { loadStack } from '../../scripts/cluster/load-compose.ts'
import { CONTAINERS_ONLY, interpolate, processesOf } from '../../scripts/cluster/service-to-process.ts'
import { choosePorts, type StackLocation } from '../../scripts/cluster/stack-location.ts'

const { services } = loadStack('compose.yaml')
const native = Object.entries(services).filter(([name]) => !CONTAINERS_ONLY.includes(name))
/** Names and paths that exist only in containers. */
const OF_CONTAINERS = /\/run\/secrets|\/nurture\/|postgres:5432|temporal:7233|0\.0\.0\.0|serve-[12]:3000|\$\{/

let folder: string
let location: StackLocation
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'nurture-native-'))
  const hosts = ['CALLBACK_HOST', 'CONSOLE_HOST', 'TEMPORAL_UI_HOST', 'GRAFANA_HOST', 'ACME_EMAIL']
  const tools = ['TOOLS_USER', 'TOOLS_PASSWORD_HASH', 'NURTURE_VERSION']
  location = {
    folder,
    root: '/checkout',
    ports: await choosePorts(join(folder, 'ports.json'), 3900),
    settings: Object.fromEntries([...hosts, ...tools].map((name) => [name, name.toLowerCase()])),
  }
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

describe('the stack without containers', () => {
  it.each(native)('%s: command and environment contain no name or path of a container', (name, service) => {
    const processes = processesOf(name, service, location)
    expect(processes.length).toBeGreaterThan(0)
    for (const { command, env, cwd } of processes) {
      expect(command.join(' ')).not.toMatch(OF_CONTAINERS)
      for (const [key, value] of Object.entries(env)) expect(value, key).not.toMatch(OF_CONTAINERS)
      expect(['/checkout', folder]).toContain(cwd)
      // Every setting of compose.yaml is present here too.
      for (const key of Object.keys(service.environment)) expect(env, key).toHaveProperty(key)
    }
  })

  it('runs the same services, apart from those that prepare volumes or display metrics', () => {
    expect(Object.keys(services)).toEqual(expect.arrayContaining([...CONTAINERS_ONLY]))
    for (const name of ['postgres', 'temporal', 'serve-1', 'serve-2', 'worker-1', 'worker-2', 'proxy'])
      expect(CONTAINERS_ONLY).not.toContain(name)
  })

  it("runs Temporal's four services as four processes with distinct ports", () => {
    const processes = processesOf('temporal', services.temporal as never, location)
    expect(processes.map((p) => p.env.TEMPORAL_SERVICES)).toEqual([
      'frontend',
      'history',
      'matching',
      'worker',
    ])
    expect(new Set(processes.map((p) => p.env.PROMETHEUS_ENDPOINT)).size).toBe(4)
    expect(processes[0]?.env.NUM_HISTORY_SHARDS).toBe(services.temporal?.environment.NUM_HISTORY_SHARDS)
  })

  it('keeps its ports, below the range of ephemeral ports', async () => {
    const ports = Object.values(location.ports)
    expect(new Set(ports).size).toBe(ports.length)
    expect(Math.max(...ports)).toBeLessThan(32_768)
    expect(await choosePorts(join(folder, 'ports.json'), 3900)).toEqual(location.ports)
  })
})

/** Adds the dollar signs, which in a plain string would look like a template string. */
const notation = (text: string) => text.replaceAll('{', '$'.concat('{'))

describe("a setting of .env in compose's notation", () => {
  it.each([
    ['{A}', { A: 'x' }, 'x'],
    ['{A}', {}, ''],
    ['{A:-y z}', {}, 'y z'],
    ['{A:-y}', { A: '' }, 'y'],
    ['a-{A:?set it}-{B:-b}', { A: 'x' }, 'a-x-b'],
  ])('$%s with %j is %s', (text, settings, expected) => {
    expect(interpolate(notation(text), settings as Record<string, string>)).toBe(expected)
  })

  it('is required with its message where compose requires it', () => {
    expect(() => interpolate(notation('{A:?set it in .env}'), {})).toThrow('A: set it in .env')
  })
})
