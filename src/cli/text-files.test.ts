import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { runCli } from './run-cli.ts'
import { siblingMedia } from './sibling-media.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'nurture-cli-'))
  vi.stubEnv('NURTURE_TOKEN', 'test-token')
})
afterAll(() => {
  vi.unstubAllEnvs()
  rmSync(folder, { recursive: true, force: true })
})

const file = (name: string, content: string | Buffer) => {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}
async function nurture(...args: string[]) {
  const out: string[] = []
  const err: string[] = []
  const code = await runCli(args, {
    out: (t) => out.push(t),
    err: (t) => err.push(t),
    write: async (t) => void out.push(t),
  })
  return { code, out: out.join('\n'), err: err.join('\n') }
}
/** Nothing listens here. A command that fails to connect has read its files. */
const UNREACHABLE = ['--url', 'http://127.0.0.1:9']

const CAMPAIGN =
  'id: 007\nname: 欢迎\nentry: { event: message, keywords: [007, 1.0] }\nsteps: [{ id: s, after: 1s, send: { text: 您好 } }]\n'
/** 「name: 欢迎」 as Chinese Windows saves it. */
const GBK = Buffer.from('id: a\nname: \xbb\xb6\xd3\xad\n', 'latin1')
const UTF16 = Buffer.from('\ufeffid: a\nname: 欢迎\n', 'utf16le')

describe('a campaign file', () => {
  it.each([
    ['as it is', CAMPAIGN],
    ['with a byte order mark and the ends of lines of Windows', `\ufeff${CAMPAIGN.replaceAll('\n', '\r\n')}`],
  ])('%s is checked', async (_, content) => {
    expect(await nurture('check', file('007.yaml', content))).toMatchObject({ code: 0 })
  })

  it.each([
    ['GBK', GBK],
    ['UTF-16', UTF16],
  ])('in %s is refused by every command, with what to do', async (encoding, content) => {
    const path = file('other.yaml', content)
    for (const args of [
      ['check', path],
      ['preview', path],
      ['campaign', 'put', path, ...UNREACHABLE],
    ]) {
      const { code, err } = await nurture(...args)
      expect(code).toBe(1)
      expect(err).toMatch(
        new RegExp(`other\\.yaml is not UTF-8: it looks like ${encoding}.*name: 欢迎.*UTF-8 编码保存`, 's'),
      )
    }
  })

  it('is published under its own id', async () => {
    // The id is read before the request.
    expect((await nurture('campaign', 'put', file('c.yaml', CAMPAIGN), ...UNREACHABLE)).err).toContain(
      'does not answer',
    )
    const nullId = await nurture('campaign', 'put', file('n.yaml', 'id: null\n'), ...UNREACHABLE)
    expect(nullId.err).toMatch(/id \(line 1\): null means no value.*write "null" in quotes/)
  })

  it('keeps every other character when media names become ids', () => {
    file('007', Buffer.from('x'))
    const source = [
      'keywords: [007, 1e3, 0x1F] # 说明',
      'a: { image: { file: 007 } }',
      "b: {   image: {file: '007'} }",
      'c:',
      '  image:',
      '    file: >-',
      '      007',
      '    note: 0755',
      '',
    ].join('\n')
    const { media, text } = siblingMedia(file('s.yaml', source), source)
    expect(text()).toBe(source)
    for (const [i, medium] of media.entries()) medium.rewrite(`sha256-${i}`)
    expect(text()).toBe(
      source
        .replace('file: 007', 'file: sha256-0')
        .replace("file: '007'", "file: 'sha256-1'")
        .replace('file: >-\n      007', 'file: sha256-2'),
    )
  })
})

describe('a menu file', () => {
  it('is refused if a value is ambiguous', async () => {
    const path = file('menu.yaml', 'button:\n  - { type: click, name: null, key: 007 }\n')
    expect((await nurture('menu', 'put', 'wx1', path, ...UNREACHABLE)).err).toMatch(
      /button\.0\.name \(line 2\): null means no value/,
    )
  })

  it('in GBK is refused', async () => {
    expect((await nurture('menu', 'put', 'wx1', file('m.yaml', GBK), ...UNREACHABLE)).err).toContain(
      'it looks like GBK',
    )
  })
})

describe('a file of secrets', () => {
  const secrets = JSON.stringify({ appSecret: 'test-secret', token: 'test_token' })

  it('may begin with a byte order mark', async () => {
    const path = file('secrets.json', `\ufeff${secrets}`)
    expect((await nurture('account', 'add', 'wx1', '--secrets', path, ...UNREACHABLE)).err).toContain(
      'does not answer',
    )
    expect((await nurture('account', 'change', 'wx1', '--forward', path, ...UNREACHABLE)).err).toContain(
      'does not answer',
    )
  })

  it('in another encoding is refused, and not quoted', async () => {
    const path = file('secrets16.json', Buffer.from(`\ufeff${secrets}`, 'utf16le'))
    const { err } = await nurture('account', 'add', 'wx1', '--secrets', path, ...UNREACHABLE)
    expect(err).toMatch(/secrets16\.json is not UTF-8: it looks like UTF-16\./)
    expect(err).not.toContain('test-secret')
  })
})

it.each(['localhost:3000', 'https://u:test@example.com', 'not an address'])(
  '--url %s is refused with exit code 2',
  async (url) => {
    const { code, err } = await nurture('account', 'list', '--url', url)
    expect(code).toBe(2)
    expect(err).toMatch(/--url: must /)
    expect(err).not.toContain('u:test')
  },
)
