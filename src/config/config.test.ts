import { describe, expect, it } from 'vitest'
import { ConfigError, loadConfig, workerVersion } from './config.ts'

describe('which build a worker is', () => {
  it.each([
    ['nothing is set', {}, null],
    ['a build server set a build id for its own ends', { BUILD_ID: '#17 / main' }, null],
    [
      'both are set',
      { DEPLOYMENT_NAME: 'nurture', BUILD_ID: 'v0.2.0-rc_1' },
      { deploymentName: 'nurture', buildId: 'v0.2.0-rc_1' },
    ],
  ])('%s', (_, env, version) => {
    expect(workerVersion(loadConfig(env))).toEqual(version)
  })

  it.each([
    ['no build id', { DEPLOYMENT_NAME: 'nurture' }],
    [
      'a build id with a sign that means something in a query',
      { DEPLOYMENT_NAME: 'nurture', BUILD_ID: "a'b" },
    ],
    ['a long build id', { DEPLOYMENT_NAME: 'nurture', BUILD_ID: 'a'.repeat(33) }],
  ])('is not to be known from %s', (_, env) => {
    expect(() => workerVersion(loadConfig(env))).toThrow(/BUILD_ID/)
  })

  it('a deployment name with a sign that parts it from the build id is refused', () => {
    expect(() => loadConfig({ DEPLOYMENT_NAME: 'a:b' })).toThrow(ConfigError)
  })
})
