import fc from 'fast-check'
import pg from 'pg'
import { describe, expect, it } from 'vitest'
import { propertyRuns } from '../../test/harness/property-runs.ts'
import { ConfigError, loadConfig } from './config.ts'
import { databaseFilesProblem, databaseUrlProblem } from './database-url.ts'

describe('an address of PostgreSQL', () => {
  it.each([
    'postgres://nurture:test@db/nurture',
    'postgresql://nurture:test@db.example.com:5432/nurture',
    'POSTGRES://nurture:test@db/nurture',
    'postgres://nurture@db',
    'postgres://nurture:p%23a%2Fs%3Fs%40w%25@db/nurture',
    'postgres://nurture:a:b@db/nurture',
    'postgres://nurture:密码@db/nurture',
    'postgres://nurture:test@[::1]:5432/nurture',
    'postgres://nurture:test@db/nurture?sslmode=require&sslrootcert=/absent/ca.pem',
    'postgres://nurture:test@db/nurture?application_name=a@b',
    'postgres://nurture:50%@db/nurture',
    'postgres:///nurture',
    'postgres:///nurture?host=/var/run/postgresql',
    'postgres://nurture@%2Fvar%2Frun%2Fpostgresql/nurture',
    'socket:/var/run/postgresql/?db=nurture',
    '/var/run/postgresql nurture',
  ])('%s is valid', (url) => {
    expect(databaseUrlProblem(url)).toBeNull()
    expect(loadConfig({ DATABASE_URL: url }).databaseUrl).toBe(url)
  })

  it.each([
    ['postgres://nurture:te#st@db/nurture', '# → %23'],
    ['postgres://nurture:1#st@db/nurture', '# → %23'],
    ['postgres://nurture:te/st@db/nurture', '/ → %2F'],
    ['postgres://nurture:12/st@db/nurture', '/ → %2F'],
    ['postgres://nurture:te?st@db/nurture', '? → %3F'],
    ['postgres://nurture:1?st@db/nurture', '? → %3F'],
    ['postgres://nurture:te@/st#@db/nurture', '# → %23, / → %2F, @ → %40'],
    ['postgres://nurture:%ffst@db/nurture', '% → %25'],
    ['postgres://nurture:a%2Fb%st@db/nurture', '% → %25'],
    ['postgres://nurture:te st%2F@db/nurture', 'cannot be read'],
    ['postgres://nurture:te', 'In .env a # starts a comment'],
    ['postgres://nurture:test@db:port/nurture', 'cannot be read'],
    ['postgres://nurture:test@db:0/nurture', '1 to 65535'],
    ['postgres://nurture:test@db:99999/nurture', '1 to 65535'],
    ['postgres://nurture:test@db1,db2/nurture', 'several hosts'],
    ['nurture:test@db/nurture', 'has no scheme'],
    ['db:5432/nurture', 'has no scheme'],
    ['mysql://nurture:test@db/nurture', 'not an address of PostgreSQL'],
    ['https://db/nurture', 'not an address of PostgreSQL'],
    ['"postgres://nurture:test@db/nurture"', 'quotes'],
    ['postgres://nurture:test@db/nurture\n', 'control character'],
    [' postgres://nurture:test@db/nurture', 'white space'],
  ])('%j is refused without showing the password', (url, message) => {
    expect(databaseUrlProblem(url)).toContain(message)
    const load = () => loadConfig({ DATABASE_URL: url })
    expect(load).toThrow(ConfigError)
    expect(load).toThrow(/DATABASE_URL: /)
    expect(load).not.toThrow(/te.?st|nurture:/)
  })

  it('is valid with any encoded password, which the client then uses', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }), (password) => {
        const url = `postgres://nurture:${encodeURIComponent(password)}@db:5433/nurture`
        expect(databaseUrlProblem(url)).toBeNull()
        expect(new pg.Client({ connectionString: url })).toMatchObject({ host: 'db', port: 5433, password })
      }),
    )
  })

  it('with a password that is not encoded is refused, unless the client reads exactly that password', () => {
    const sign = fc.constantFrom(...'ab1#/?@%:[]&=+ \\!$')
    fc.assert(
      fc.property(fc.string({ unit: sign, minLength: 1, maxLength: 8 }), (password) => {
        // A valid percent-encoding counts as intended.
        fc.pre(!/%[0-9a-f]{2}/i.test(password))
        const url = `postgres://nurture:${password}@db:5433/nurture`
        if (databaseUrlProblem(url) !== null) return
        expect(new pg.Client({ connectionString: url })).toMatchObject({ host: 'db', port: 5433, password })
      }),
      { numRuns: propertyRuns(2_000) },
    )
  })
})

it('reports a missing file for TLS when the store is opened', () => {
  const url = 'postgres://nurture:test@db/nurture?sslrootcert=/absent/ca.pem'
  expect(databaseFilesProblem(url)).toBe(
    'a file that it names (sslrootcert, sslcert, sslkey) cannot be read (ENOENT)',
  )
  expect(databaseFilesProblem('postgres://nurture:test@db/nurture')).toBeNull()
})
