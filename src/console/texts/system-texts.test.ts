import { readdirSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { JOBS } from './system-texts.ts'

it('says of each periodic job what it does', () => {
  const root = new URL('../../', import.meta.url)
  const sources = ['jobs', 'platform']
    .flatMap((folder) =>
      readdirSync(new URL(`${folder}/`, root), { recursive: true }).map((f) => `${folder}/${f}`),
    )
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
    .map((file) => readFileSync(new URL(file, root), 'utf8'))
  const names = sources.flatMap((source) =>
    [...source.matchAll(/name: '([a-z-]+)',\s*everyMs/g)].map((match) => match[1] ?? ''),
  )
  expect(names.length).toBeGreaterThan(6)
  expect(names.filter((name) => !JOBS.zh[name] || !JOBS.en[name])).toEqual([])
})
