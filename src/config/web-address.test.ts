import { describe, expect, it } from 'vitest'
import { loadConfig } from './config.ts'
import { hostPortProblem, webAddressProblem } from './web-address.ts'

describe('the address of a web server', () => {
  it.each([
    'https://example.com',
    'http://127.0.0.1:3001',
    'http://[::1]:3001/base',
    'HTTPS://Example.COM/',
    'https://例子.中国/path',
  ])('%s is valid', (text) => expect(webAddressProblem(text)).toBeNull())

  it.each([
    '',
    'example.com',
    'localhost:3000',
    '//example.com',
    'ftp://example.com',
    'https:example.com',
    'https://',
    'https:///path',
    'https://exa mple.com',
    'https://example.com:99999',
    'https://example.com:0',
    'https://example.com:port',
    'https://user:test@example.com',
    'https://example.com/?a=1',
    'https://example.com/#a',
    'mailto:a@example.com',
  ])('%j is refused', (text) => expect(webAddressProblem(text)).toMatch(/^must /))

  it('may have a query when no path is appended, but never a fragment', () => {
    expect(webAddressProblem('https://example.com/in?a=1', { query: true })).toBeNull()
    expect(webAddressProblem('https://example.com/in#a', { query: true })).toBe('must have no # in it')
  })
})

describe('the address of Temporal', () => {
  it.each(['localhost', '127.0.0.1:7233', 'ns.abc.tmprl.cloud:7233', '[::1]:7233', 'temporal_frontend:7233'])(
    '%s is valid',
    (text) => expect(hostPortProblem(text)).toBeNull(),
  )

  it.each([
    '',
    ':7233',
    'host:',
    'host:0',
    'host:70000',
    'host:x',
    'https://host:7233',
    'a:7233,b:7233',
    '::1',
    'h/x',
    'u@h',
    'a b',
  ])('%j is refused', (text) => expect(hostPortProblem(text)).toMatch(/HOST:PORT without a scheme/))
})

describe('invalid settings', () => {
  it.each([
    ['TEMPORAL_ADDRESS', 'https://temporal:7233'],
    ['WECHAT_API_BASE', 'api.weixin.qq.com'],
    ['WECHAT_API_BASE', 'ftp://api.weixin.qq.com'],
    ['PUBLIC_URL', 'https:nurture.example.com'],
    ['PUBLIC_URL', 'https://nurture.example.com/?x=1'],
    ['NURTURE_URL', 'localhost:3000'],
    ['TEMPORAL_UI_URL', 'temporal-ui:8233'],
    ['OTEL_EXPORTER_OTLP_ENDPOINT', 'http://collector:port'],
    ['PORT', '70000'],
    ['PORT', '-1'],
    ['PORT', '0x50'],
    ['PORT', '3e3'],
    ['WORKER_PORT', '3002.5'],
    ['TEMPORAL_PORT', 'seven'],
    ['RETENTION_DAYS', '0'],
    ['RETENTION_DAYS', '30d'],
    ['RUN_RETENTION_DAYS', 'off'],
    ['CALLBACK_MAX_AGE', '10m'],
  ])('%s=%s is reported with the allowed values', (name, value) => {
    expect(() => loadConfig({ [name]: value })).toThrow(new RegExp(`${name}: must be |${name}: must have `))
  })

  it('are reported all at once', () => {
    const load = () => loadConfig({ PORT: 'x', DATABASE_URL: 'db', TEMPORAL_ADDRESS: 'http://t' })
    for (const name of ['PORT', 'DATABASE_URL', 'TEMPORAL_ADDRESS'])
      expect(load).toThrow(new RegExp(`${name}: `))
  })

  it('do not include empty variables, which count as unset', () => {
    const names = [
      'PORT',
      'HOST',
      'DATABASE_URL',
      'TEMPORAL_ADDRESS',
      'WECHAT_API_BASE',
      'PUBLIC_URL',
      'LOG_LEVEL',
    ]
    const empty = loadConfig(Object.fromEntries(names.map((name) => [name, ''])))
    expect(empty).toEqual(loadConfig({}))
  })
})
