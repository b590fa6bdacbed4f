import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import type { z } from 'zod'
import { followerFilter } from '../follower-filter.ts'
import { schemaIssues } from '../routes/route-helpers.ts'
import { bulkBody } from './bulk-schemas.ts'
import { diffQuery, testSendBody, versionParams } from './campaign-lifecycle-schemas.ts'
import { page } from './common-schemas.ts'
import { runsQuery, statisticsFilter, statisticsTableQuery } from './statistics-schemas.ts'

/** Everything that JavaScript makes a number of. */
const COERCED = ['0x10', '0b1', '1e1', '1.0', '+1', ' 1', '', '１', 'Infinity', true, null, [1], ['1']]
const NOT_IN_DIGITS: readonly unknown[] = [...COERCED, '-1', '1.5', '9'.repeat(16)]
const pathsOf = (schema: z.ZodType, value: unknown) => {
  const { error } = schema.safeParse(value)
  return error ? schemaIssues(error).map(({ path }) => path) : []
}

describe('a number in a query or in a path', () => {
  const cases: [string, z.ZodType, string, object?][] = [
    ['pages', page, 'limit'],
    ['lists of followers', followerFilter, 'version'],
    ['lists of followers', followerFilter, 'closing'],
    ['statistics', statisticsFilter, 'version'],
    ['tables of statistics', statisticsTableQuery, 'version'],
    ['exports of runs', runsQuery, 'version'],
    ['comparisons', diffQuery, 'from'],
    ['comparisons', diffQuery, 'to'],
    ['one version', versionParams, 'version', { id: 'a' }],
  ]
  it.each(cases)('is written in decimal digits: %s, %$', (_, schema, name, others = {}) => {
    expect(schema.parse({ ...others, [name]: '12' })).toMatchObject({ [name]: 12 })
    for (const wrong of NOT_IN_DIGITS)
      expect([wrong, pathsOf(schema, { ...others, [name]: wrong })]).toEqual([wrong, [name]])
  })
})

describe('a number in a JSON body', () => {
  const bulk = (filter: object) => ({ action: 'pause', filter })
  const test = { appId: 'wxnumbers0000001', openId: 'oA' }
  const cases: [string, z.ZodType, string, (number: unknown) => object][] = [
    ['a bulk job', bulkBody, 'filter.closing', (closing) => bulk({ closing })],
    ['a bulk job', bulkBody, 'filter.version', (version) => bulk({ version })],
    ['a test', testSendBody, 'version', (version) => ({ ...test, version })],
  ]
  it.each(cases)('is a number: %s', (_, schema, path, bodyOf) => {
    expect(pathsOf(schema, bodyOf(12))).toEqual([])
    for (const wrong of [...NOT_IN_DIGITS, '12', -1, 1.5])
      expect([wrong, pathsOf(schema, bodyOf(wrong))]).toEqual([wrong, [path]])
  })
})

it('is never coerced by a schema of the product', () => {
  const src = fileURLToPath(new URL('../../', import.meta.url))
  const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((file) =>
    /(?<!\.test)\.tsx?$/.test(file),
  )
  expect(files.length).toBeGreaterThan(500)
  const coerces = (file: string) => /\bz\.?\s*coerce\b/.test(readFileSync(`${src}${file}`, 'utf8'))
  expect(files.filter(coerces)).toEqual([])
})
