import { expect, it } from 'vitest'
import { freePort } from './ports.ts'

const COUNT = 500

it('ports that are chosen one after the other are all different, though nobody listens on them yet', async () => {
  const ports = new Set<number>()
  for (let i = 0; i < COUNT; i++) ports.add(await freePort())
  expect(ports.size).toBe(COUNT)
})
