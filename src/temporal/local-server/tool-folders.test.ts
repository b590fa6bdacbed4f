import { tmpdir } from 'node:os'
import { expect, it } from 'vitest'
import { toolFolders } from './tool-folders.ts'

it('tools keep their own folders when the home folder is writable', () => {
  expect(toolFolders('/cache', {}, tmpdir())).toEqual({})
})

it('tools use the cache folder when the home folder is not writable, except where a variable names another folder', () => {
  const npm_config_cache = '/nobody/.npm'
  expect(
    toolFolders('/cache', { npm_config_cache, GOCACHE: '/own-cache', GOPATH: '' }, '/proc/no-home'),
  ).toEqual({
    GOPATH: '/cache/tools/go',
    PIP_CACHE_DIR: '/cache/tools/pip',
    MAVEN_OPTS: '-Dmaven.repo.local=/cache/tools/maven',
    npm_config_cache: '/cache/tools/npm',
  })
})
