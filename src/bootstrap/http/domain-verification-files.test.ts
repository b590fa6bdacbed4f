import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { createDomainVerificationFiles } from './domain-verification-files.ts'

const dataDir = mkdtempSync(join(tmpdir(), 'follower-nurture-verify-'))
const folder = join(dataDir, 'verify')
afterAll(() => rmSync(dataDir, { recursive: true, force: true }))

const app = createDomainVerificationFiles(folder)
const get = async (path: string) => {
  const answer = await app.request(path)
  return { status: answer.status, type: answer.headers.get('content-type'), text: await answer.text() }
}
const put = (name: string, content: string) => {
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, name), content)
}

describe("WeChat's verification file", () => {
  it('is served as soon as it is in the folder', async () => {
    expect((await get('/MP_verify_aB3dE5.txt')).status).toBe(404)
    put('MP_verify_aB3dE5.txt', 'aB3dE5')
    const served = { status: 200, type: 'text/plain; charset=utf-8', text: 'aB3dE5' }
    expect(await get('/MP_verify_aB3dE5.txt')).toEqual(served)
  })

  it('of a platform has a name of letters and digits', async () => {
    put('1234567890.txt', 'of the platform')
    expect((await get('/1234567890.txt')).text).toBe('of the platform')
  })

  it.each(['notes.txt', 'MP_verify_.txt', 'my-long-notes.txt', 'MP_verify_a.html', 'abcdefgh.txt.bak'])(
    'is not %s, although that file is in the folder',
    async (name) => {
      put(name, 'private')
      expect((await get(`/${name}`)).status).toBe(404)
    },
  )

  it('is found by its exact name only', async () => {
    put('MP_verify_Exact1.txt', 'yes')
    for (const path of [
      '/mp_verify_exact1.txt',
      '/MP_verify_Exact1.txt/',
      '/verify/MP_verify_Exact1.txt',
      '/',
    ]) {
      expect((await get(path)).status).toBe(404)
    }
  })

  it('gives no access to other files, folders or links', async () => {
    writeFileSync(join(dataDir, 'secretsecret.txt'), 'secret')
    put('MP_verify_large.txt', 'x'.repeat(5000))
    mkdirSync(join(folder, 'MP_verify_folder.txt'))
    symlinkSync(join(dataDir, 'secretsecret.txt'), join(folder, 'MP_verify_link.txt'))
    const tricks = [
      '/../secretsecret.txt',
      '/%2e%2e%2fsecretsecret.txt',
      '/..%5csecretsecret.txt',
      '/MP_verify_a%00.txt',
      '/MP_verify_a%0a.txt',
      '/secretsecret.txt',
      '/MP_verify_large.txt',
      '/MP_verify_folder.txt',
      '/MP_verify_link.txt',
    ]
    for (const path of tricks) expect([path, (await get(path)).status]).toEqual([path, 404])
  })
})
