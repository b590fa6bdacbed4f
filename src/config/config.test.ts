import { describe, expect, it } from 'vitest'
import { ConfigError, loadConfig, workerVersion } from './config.ts'

describe('the version of a worker', () => {
  it.each([
    ['is null when nothing is set', {}, null],
    ['is null when only a build id is set, as build servers do', { BUILD_ID: '#17 / main' }, null],
    [
      'is known when both are set',
      { DEPLOYMENT_NAME: 'nurture', BUILD_ID: 'v0.2.0-rc_1' },
      { deploymentName: 'nurture', buildId: 'v0.2.0-rc_1' },
    ],
  ])('%s', (_, env, version) => {
    expect(workerVersion(loadConfig(env))).toEqual(version)
  })

  it.each([
    ['no build id', { DEPLOYMENT_NAME: 'nurture' }],
    ['a build id with a character of the query language', { DEPLOYMENT_NAME: 'nurture', BUILD_ID: "a'b" }],
    ['a build id that begins with a dot', { DEPLOYMENT_NAME: 'nurture', BUILD_ID: '.v1' }],
    ['a build id that is too long', { DEPLOYMENT_NAME: 'nurture', BUILD_ID: 'a'.repeat(33) }],
  ])('is refused with %s', (_, env) => {
    expect(() => workerVersion(loadConfig(env))).toThrow(
      /BUILD_ID must be set too: a letter or digit, then up to 31 /,
    )
  })

  it('is refused with a deployment name that has the separator of the build id', () => {
    expect(() => loadConfig({ DEPLOYMENT_NAME: 'a:b' })).toThrow(ConfigError)
  })

  it('is refused with a deployment name that begins with a hyphen, and says why', () => {
    expect(() => loadConfig({ DEPLOYMENT_NAME: '-a' })).toThrow(/DEPLOYMENT_NAME.* a letter or digit, then /)
  })
})
