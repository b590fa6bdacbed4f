import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { Started, withTemporal } from './own-temporal.ts'

function fakeTemporal({ stopFails = false } = {}) {
  const seen = { folder: '', stops: 0 }
  const start = async (folder: string) => {
    seen.folder = folder
    const stop = async () => {
      seen.stops++
      if (stopFails) throw new Error('stop')
    }
    return { address: '127.0.0.1:1', stop }
  }
  return { seen, start }
}

describe('work with a Temporal server of its own', () => {
  it('has its address and its folder, and gives its result', async () => {
    const { seen, start } = fakeTemporal()
    const work = async (address: string, folder: string) => `${address} ${existsSync(folder)}`
    expect(await withTemporal({}, work, start)).toBe('127.0.0.1:1 true')
    expect([seen.stops, existsSync(seen.folder)]).toEqual([1, false])
  })

  it('stops the server and removes the folder when it fails', async () => {
    const { seen, start } = fakeTemporal()
    const work = () => Promise.reject(new Error('work'))
    await expect(withTemporal({}, work, start)).rejects.toThrow('work')
    expect([seen.stops, existsSync(seen.folder)]).toEqual([1, false])
  })

  it('removes the folder when the server does not start or stop', async () => {
    let folder = ''
    const failing = (dataDir: string) => {
      folder = dataDir
      return Promise.reject(new Error('start'))
    }
    await expect(withTemporal({}, async () => {}, failing)).rejects.toThrow('start')
    expect(existsSync(folder)).toBe(false)
    const { seen, start } = fakeTemporal({ stopFails: true })
    await expect(withTemporal({}, async () => {}, start)).rejects.toThrow('stop')
    expect(existsSync(seen.folder)).toBe(false)
  })

  it('is started nowhere in bench/ but by the harness of the tests', () => {
    const folder = fileURLToPath(new URL('.', import.meta.url))
    const starts = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
      (file) =>
        /(?<!\.test)\.ts$/.test(file) && /\bstartLocalServer\(/.test(readFileSync(folder + file, 'utf8')),
    )
    expect(starts).toEqual([])
  })
})

it('stops what was started from the last one, also after a stop that fails', async () => {
  const stopped: string[] = []
  const started = new Started()
  started.add('a', (name) => stopped.push(name))
  started.add('b', () => Promise.reject(new Error('b')))
  started.add('c', async (name) => stopped.push(name))
  await expect(started.stop()).rejects.toThrow('b')
  await started.stop()
  expect(stopped).toEqual(['c', 'a'])
})
