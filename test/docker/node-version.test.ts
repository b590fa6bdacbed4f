import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { OTHER_NODE_VERSIONS } from '../harness/process/node-versions.ts'

const read = (path: string) => readFileSync(fileURLToPath(new URL(`../../${path}`, import.meta.url)), 'utf8')
const pinned = read('.nvmrc').trim()

describe('the version of Node', () => {
  it('of .nvmrc is the one of each stage of the image, and tested', () => {
    const images = [...read('temporal-docker/Dockerfile').matchAll(/^FROM node:(\d+\.\d+\.\d+)-/gm)]
    expect(images.map(([, version]) => version)).toEqual([pinned, pinned])
    expect(OTHER_NODE_VERSIONS.filter((node) => node.runsUnitTests).map((node) => node.version)).toContain(
      pinned,
    )
  })

  it('that package.json asks for is tested in each line, from the oldest on', () => {
    const { engines } = JSON.parse(read('package.json')) as { engines: { node: string } }
    const lines = engines.node.split(' || ').map((range) => /^\^(\d+)\./.exec(range)?.[1])
    expect(lines).toEqual(OTHER_NODE_VERSIONS.map((node) => node.version.split('.')[0]))
    expect(engines.node).toMatch(`^${OTHER_NODE_VERSIONS[0].version}`)
  })
})
