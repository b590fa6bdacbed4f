import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

const read = (path: string) => readFileSync(fileURLToPath(new URL(`../../${path}`, import.meta.url)), 'utf8')

it('.env.example has the version of package.json', () => {
  const [, version] = /^NURTURE_VERSION=(.*)$/m.exec(read('temporal-docker/.env.example')) ?? []
  expect(version).toBe(JSON.parse(read('package.json')).version)
})
