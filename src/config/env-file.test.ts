import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { readEnvFile } from './env-file.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'nurture-env-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const file = (content: string | Buffer) => {
  const path = join(folder, 'env')
  writeFileSync(path, content)
  return path
}

it('reads variables, also after a byte order mark', () => {
  expect(readEnvFile(file('PORT=3000\nHOST=127.0.0.1\n')).env).toEqual({ PORT: '3000', HOST: '127.0.0.1' })
  expect(readEnvFile(file('\ufeffPORT=3000\n')).env).toEqual({ PORT: '3000' })
})

it('is empty when there is no file', () => {
  expect(readEnvFile(join(folder, 'absent'))).toEqual({ env: {}, problems: [] })
})

it.each([
  ['DATABASE_URL=postgres://nurture:12#34@db/nurture', 1],
  ['export DATABASE_URL = postgres://nurture:12#34@db/nurture', 1],
  ['DATABASE_URL="postgres://nurture:12%2334@db/nurture" # the store', 0],
  ['DATABASE_URL=postgres://nurture:12@db/nurture # the store', 0],
  ['#DATABASE_URL=postgres://nurture:12#34@db/nurture', 0],
])('%s has %d passwords that a # truncates', (line, count) => {
  const { problems } = readEnvFile(file(`PORT=3000\n${line}\n`))
  expect(problems).toHaveLength(count)
  expect(problems.join()).not.toMatch(/12|34/)
})

it('is refused in another encoding, without showing its content', () => {
  const gbk = Buffer.from('ADMIN_TOKEN=test-secret\n# \xbb\xb6\xd3\xad', 'latin1')
  const { env, problems } = readEnvFile(file(gbk))
  expect(env).toEqual({})
  expect(problems).toEqual([expect.stringMatching(/env: is not UTF-8: it looks like GBK.*请用 UTF-8/)])
  expect(problems[0]).not.toMatch(/test-secret|欢/)
})
