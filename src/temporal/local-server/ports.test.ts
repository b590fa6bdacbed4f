import { expect, it } from 'vitest'
import { freePort } from './ports.ts'

const COUNT = 500

it('free ports are all different, although nothing listens on them yet', async () => {
  const ports = new Set<number>()
  for (let i = 0; i < COUNT; i++) ports.add(await freePort())
  expect(ports.size).toBe(COUNT)
})
