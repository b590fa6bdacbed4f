import { tmpdir } from 'node:os'
import { expect, it } from 'vitest'
import { toolFolders } from './tool-folders.ts'

it('tools keep their folders in a home folder that can be written', () => {
  expect(toolFolders('/cache', {}, tmpdir())).toEqual({})
})

it('tools keep what they fetch in our cache folder where there is no home to write, unless it is said otherwise', () => {
  const npm_config_cache = '/nobody/.npm'
  expect(toolFolders('/cache', { npm_config_cache, GOCACHE: '/mine', GOPATH: '' }, '/proc/no-home')).toEqual({
    GOPATH: '/cache/tools/go',
    PIP_CACHE_DIR: '/cache/tools/pip',
    MAVEN_OPTS: '-Dmaven.repo.local=/cache/tools/maven',
    npm_config_cache: '/cache/tools/npm',
  })
})
