import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ConfigError, loadConfig, requireProduction } from './config.ts'
import { SECRET_VARIABLES } from './secret-files.ts'

describe('secrets in files', () => {
  let folder: string
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'nurture-secrets-'))
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  const file = (name: string, content: string) => {
    const path = join(folder, name)
    writeFileSync(path, content)
    return path
  }

  it('are read without line ends, and are enough for production roles', () => {
    const config = loadConfig({
      DATABASE_URL_FILE: file('url', 'postgres://nurture:test@db/nurture\n'),
      ADMIN_TOKEN_FILE: file('token', 'test admin token \r\n'),
      ENCRYPTION_KEY_FILE: file('key', 'test-key-of-thirty-two-characters'),
      ENCRYPTION_KEY_PREVIOUS_FILE: file('previous', 'test-old,test-older\n'),
    })
    expect(requireProduction(config)).toEqual({
      databaseUrl: 'postgres://nurture:test@db/nurture',
      adminToken: 'test admin token ',
      encryptionKey: 'test-key-of-thirty-two-characters',
    })
    expect(config.previousKeys).toEqual(['test-old', 'test-older'])
  })

  it('may be the API key of a trace collector', () => {
    const OTEL_EXPORTER_OTLP_HEADERS = 'x-api-key=test'
    const settings = {
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318',
      OTEL_EXPORTER_OTLP_HEADERS_FILE: file('headers', `${OTEL_EXPORTER_OTLP_HEADERS}\n`),
    }
    expect(loadConfig(settings).traces?.env).toMatchObject({ OTEL_EXPORTER_OTLP_HEADERS })
  })

  it('may be the credentials of a third-party platform', () => {
    const platform = SECRET_VARIABLES.filter((name) => name.startsWith('COMPONENT_'))
    const settings = Object.fromEntries(platform.map((n) => [`${n}_FILE`, file(n, `test ${n}\n`)]))
    expect(loadConfig({ ...settings, PUBLIC_URL: 'https://nurture.example.com' }).platform).toMatchObject({
      appId: 'test COMPONENT_APP_ID',
      appSecret: 'test COMPONENT_APP_SECRET',
      token: 'test COMPONENT_TOKEN',
      aesKey: 'test COMPONENT_AES_KEY',
      previousAesKey: 'test COMPONENT_AES_KEY_PREVIOUS',
    })
  })

  it('may start with a byte order mark, and are refused in another encoding', () => {
    expect(loadConfig({ ADMIN_TOKEN_FILE: file('marked', '\ufefftest-token\r\n') }).adminToken).toBe(
      'test-token',
    )
    const utf16 = join(folder, 'utf16')
    writeFileSync(utf16, Buffer.from('\ufefftest-token', 'utf16le'))
    const read = () => loadConfig({ ADMIN_TOKEN_FILE: utf16 })
    expect(read).toThrow(/ADMIN_TOKEN_FILE: .*utf16 is not UTF-8: it looks like UTF-16\./)
    expect(read).not.toThrow(/test-token/)
  })

  it('are refused when the variable is set too, without showing either', () => {
    const both = { ADMIN_TOKEN: 'test-a', ADMIN_TOKEN_FILE: file('both', 'test-b') }
    expect(() => loadConfig(both)).toThrow(ConfigError)
    expect(() => loadConfig(both)).toThrow(/ADMIN_TOKEN: both ADMIN_TOKEN and ADMIN_TOKEN_FILE are set/)
    expect(() => loadConfig(both)).not.toThrow(/test-a|test-b/)
  })

  it('are reported with all other invalid settings when a file is missing or empty', () => {
    const wrong = {
      ADMIN_TOKEN_FILE: join(folder, 'none'),
      ENCRYPTION_KEY_FILE: file('empty', '\n'),
      PORT: 'abc',
    }
    expect(() => loadConfig(wrong)).toThrow(
      /ADMIN_TOKEN_FILE: .*none cannot be read \(ENOENT\)\n {2}ENCRYPTION_KEY_FILE: .*empty is empty\n {2}PORT/,
    )
  })

  it('may be empty for previous keys', () => {
    const config = loadConfig({ ENCRYPTION_KEY_PREVIOUS_FILE: file('no-previous', '\n') })
    expect(config.previousKeys).toEqual([])
  })

  it('are not read when the name of the file is empty', () => {
    expect(loadConfig({ ADMIN_TOKEN: 'test', ADMIN_TOKEN_FILE: '' }).adminToken).toBe('test')
  })
})
