import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { afterAll, beforeAll, describe, expect, inject, it, onTestFinished, vi } from 'vitest'
import { createPasswords } from '../../src/auth/passwords/password-hash.ts'
import { createHttpApp } from '../../src/bootstrap/http/http-app.ts'
import { listen } from '../../src/bootstrap/http/server.ts'
import { runCli } from '../../src/cli/run-cli.ts'
import { createPlatformStore } from '../../src/store/accounts/platform-store.ts'
import { createSealer } from '../../src/store/encryption/sealer.ts'
import { openStore } from '../../src/store/open-store.ts'
import { listAudit } from '../../src/store/users/audit-log.ts'
import { createUserStore } from '../../src/store/users/user-store.ts'
import { enqueueWebhook } from '../../src/store/webhooks/outbox.ts'
import { type AppHarness, startAppHarness } from '../harness/app-harness.ts'
import { freshDatabase } from '../harness/stores.ts'
import { waitFor } from '../harness/wait-for.ts'

const folder = mkdtempSync(join(tmpdir(), 'follower-nurture-cli-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

async function nurture(...args: string[]) {
  const out: string[] = []
  const err: string[] = []
  const code = await runCli(args, {
    out: (t) => out.push(t),
    err: (t) => err.push(t),
    write: async (t) => void out.push(t),
  })
  return { code, out: out.join('\n'), err: err.join('\n') }
}

function file(name: string, content: string | Buffer): string {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}

const SERIES = (id: string, more = '') => `id: ${id}
name: 系列
entry: { event: subscribe }
steps:
  - { id: hi, after: 10s, send: { text: 您好 } }
  - { id: far, after: 22h, send: { text: 第二天 } }
${more}`
/** One pixel. */
const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
)

describe('nurture, without a running server', () => {
  it('has help for every command', async () => {
    const top = await nurture('--help')
    expect(top).toMatchObject({ code: 0, err: '' })
    for (const [command] of top.out.matchAll(
      /^ +(check|preview|setup|deploy|account|campaign|draft|temporal|follower|bulk|webhook|hook|menu|qrcode|media|admin|user|token|audit|key)\b/gm,
    )) {
      expect(await nurture(command.trim(), '--help')).toMatchObject({ code: 0 })
    }
    const subs = {
      account: ['add', 'change', 'list', 'show', 'verify', 'pause', 'resume', 'remove'],
      campaign: [
        ...['put', 'list', 'show', 'accounts', 'totals', 'pause', 'resume', 'remove'],
        ...['versions', 'diff', 'rollback', 'retire', 'restore', 'copy', 'export', 'test-send', 'dry-run'],
      ],
      draft: ['list', 'show', 'put', 'check', 'publish', 'remove'],
      temporal: ['show', 'accept'],
      follower: ['show', 'cancel', 'erase', 'pause', 'resume', 'facts', 'enter', 'tag'],
      bulk: ['count', 'start', 'status', 'stop', 'followers'],
      webhook: ['list', 'retry', 'receivers', 'put', 'new-secret', 'remove'],
      hook: ['list', 'put', 'new-secret', 'remove'],
      key: ['rotate'],
      menu: ['get', 'put', 'remove'],
      media: ['put'],
      admin: ['create'],
      user: ['add', 'list', 'role', 'password', 'disable', 'enable', 'reset-2fa', 'remove'],
      token: ['list', 'create', 'revoke'],
    }
    for (const [group, commands] of Object.entries(subs)) {
      for (const sub of commands) {
        const help = await nurture(group, sub, '--help')
        expect(help.code).toBe(0)
        expect(help.out).toContain(`nurture ${group} ${sub}`)
        expect(help.out).toContain('--json')
      }
    }
  })

  it.each([
    ['an unknown command', ['nonsense']],
    ['a missing argument', ['check']],
    ['an unknown option', ['check', 'a.yaml', '--colour']],
    ['too many arguments', ['preview', 'a.yaml', 'b.yaml']],
    ['an invalid duration', ['preview', 'campaigns/welcome.yaml', '--reply-after', 'soon']],
    ['a fact without a value', ['follower', 'facts', 'wx', 'o', '--set', 'paid']],
    ['no tag', ['follower', 'tag', 'wx', 'o']],
    ['a change of everybody that does not say so', ['bulk', 'start', 'pause']],
    ['followers and a filter at once', ['bulk', 'count', 'pause', '--all', '--tag', 'a']],
    ['a follower without an account', ['bulk', 'start', 'pause', '--follower', 'oOnly']],
    ['no webhook to retry', ['webhook', 'retry']],
    ['an unknown role', ['user', 'role', 'lin', 'boss']],
    ['an invalid number of entries', ['audit', '--limit', 'all']],
    ['an unknown rules profile', ['check', 'campaigns/welcome.yaml', '--rules', 'of-thumb']],
  ])('answers %s with one line, the command that shows the usage, and exit code 2', async (_, args) => {
    const { code, err, out } = await nurture(...args)
    expect([code, out]).toEqual([2, ''])
    expect(err).toMatch(
      /^Error: .+\n(?:\(Did you mean .+\)\n)?To see the usage: nurture(?: [a-z]+)* --help\n?$/,
    )
  })

  it.each([
    ['no command', []],
    ['a group without a command', ['account']],
  ])('answers %s with the usage and exit code 2', async (_, args) => {
    const { code, err, out } = await nurture(...args)
    expect([code, out]).toEqual([2, ''])
    expect(err).toContain('USAGE')
  })

  it('checks a valid file, and warns of steps that will be held', async () => {
    const { code, out } = await nurture('check', file('good.yaml', SERIES('good')))
    expect(code).toBe(0)
    expect(out).toContain('step far is due 22 h')
    expect(out).toContain('it will be held')
    const classic = await nurture('check', join(folder, 'good.yaml'), '--rules', 'classic-48h')
    expect(classic.out).not.toContain('held')
  })

  it('reports an empty file', async () => {
    const empty = await nurture('check', file('empty.yaml', '# nothing yet\n'))
    expect(empty.code).toBe(1)
    expect(empty.out).toMatch(/empty\.yaml: 1 error\nerror {2}file.*: is empty/)
    const put = await nurture('campaign', 'put', join(folder, 'empty.yaml'), '--url', 'http://127.0.0.1:9')
    expect(put.err).toContain('is empty')
  })

  it('prints its version', async () => {
    const { version }: { version: string } = JSON.parse(readFileSync('package.json', 'utf8'))
    expect(await nurture('--version')).toEqual({ code: 0, out: version, err: '' })
  })

  it('compares several files with each other', async () => {
    const { code, out } = await nurture(
      'check',
      'campaigns/welcome.yaml',
      'campaigns/classic-series.yaml',
      '--json',
    )
    expect(code).toBe(0)
    const { ok, files } = JSON.parse(out)
    expect(ok).toBe(true)
    expect(files.map((f: { file: string; ok: boolean }) => [f.file, f.ok])).toEqual([
      ['campaigns/welcome.yaml', true],
      ['campaigns/classic-series.yaml', true],
    ])
    // Both begin by every follow, and the smaller id goes first.
    expect(files[0].warnings).toContainEqual(
      expect.objectContaining({
        path: 'entry',
        message:
          'never begins by subscribe: campaign classic-series goes first, and every subscribe begins it',
        rule: 'several-campaigns',
      }),
    )
  })

  it('rejects an invalid file with the path and line of every error', async () => {
    const invalid = file(
      'bad.yaml',
      SERIES('bad', '  - { id: hi, after: 3x, send: { text: "{{ nobody }}" } }\ncolour: red\n'),
    )
    const { code, out } = await nurture('check', invalid)
    expect(code).toBe(1)
    expect(out).toMatch(/steps\.2\.after \(line 7\)/)
    expect(out).toMatch(/colour/)
    const json = await nurture('check', invalid, '--json')
    expect(json.code).toBe(1)
    const found: { ok: boolean; issues: { path: string; line: number }[] } = JSON.parse(json.out)
    expect(found.ok).toBe(false)
    expect(found.issues.map((i) => i.path)).toEqual(
      expect.arrayContaining(['steps.2.after', 'colour', 'steps.2.id']),
    )
  })

  it('reports a missing media file, and one that WeChat does not accept', async () => {
    const image = (name: string) => `  - { id: pic, after: 0s, send: { image: { file: ${name} } } }\n`
    file('letter.png', 'no picture at all')
    const missing = await nurture('check', file('m1.yaml', SERIES('m1', image('none.png'))))
    expect(missing.out).toContain('steps.2.send.image.file')
    const thumb = '  - { id: v, after: 0s, send: { video: { mediaId: wx-1, thumb: none.jpg } } }\n'
    expect((await nurture('check', file('m4.yaml', SERIES('m4', thumb)))).out).toContain('none.jpg')
    const wrong = await nurture('check', file('m2.yaml', SERIES('m2', image('letter.png'))))
    expect([missing.code, wrong.code]).toEqual([1, 1])
    file('pixel.png', PNG)
    expect((await nurture('check', file('m3.yaml', SERIES('m3', image('pixel.png'))))).code).toBe(0)
  })

  it('previews the time, state and grant of each step', async () => {
    const { code, out } = await nurture('preview', 'campaigns/welcome.yaml', '--reply-after', '40s')
    expect(code).toBe(0)
    expect(out.split('\n').map((l) => l.split(/ {2,}/).slice(0, 4))).toEqual([
      ['when', 'step', 'state', 'paid by'],
      ['20s', 'hint', 'sent', 'subscribe'],
      ['40s', 'gift', 'sent', 'subscribe'],
      ['10m40s', 'tip', 'sent', 'message'],
      ['22h40s', 'day-1', 'sent', 'message'],
      ['47h40s', 'last', 'sent', 'message'],
    ])
    const json = await nurture('preview', 'campaigns/welcome.yaml', '--unfollow-after', '10s', '--json')
    expect(JSON.parse(json.out).timeline.every((l: { state: string }) => l.state === 'skipped')).toBe(true)
  })

  it('previews an entry at another time as a timeline', async () => {
    const { out } = await nurture('preview', 'campaigns/welcome.yaml', '--at', '2026-11-27 15:00')
    expect(out.split('\n')[0]).toBe('11-27 15:00:00  +0s         ▶ subscribe')
  })

  it('reports an invalid setting', async () => {
    vi.stubEnv('PORT', 'eighty')
    expect(await nurture('account', 'list')).toMatchObject({ code: 2, err: expect.stringContaining('PORT') })
    vi.unstubAllEnvs()
  })

  it('reports what to do if the server does not answer or no token is set', async () => {
    vi.stubEnv('ADMIN_TOKEN', 'test')
    const unreachable = await nurture('account', 'list', '--url', 'http://127.0.0.1:9')
    expect(unreachable.code).toBe(1)
    expect(unreachable.err).toContain('npm start')
    vi.stubEnv('ADMIN_TOKEN', '')
    vi.stubEnv('DATA_DIR', folder)
    expect((await nurture('account', 'list')).err).toContain('ADMIN_TOKEN')
    vi.unstubAllEnvs()
  })
})

describe.skipIf(!inject('temporalAddress'))('nurture, with a running server', () => {
  const APP = 'wxcli00000000001'
  let app: AppHarness
  let close: () => Promise<void>
  beforeAll(async () => {
    app = await startAppHarness({ temporalAddress: inject('temporalAddress') })
    const links = { simulatorUrl: null, temporalUiUrl: null, namespace: 'default' }
    const web = await listen(
      createHttpApp(app.services, { adminToken: 'test-admin-token', links: () => links }),
      0,
      '127.0.0.1',
    )
    close = web.close
    vi.stubEnv('ADMIN_TOKEN', 'test-admin-token')
    vi.stubEnv('NURTURE_URL', web.url)
  })
  afterAll(async () => {
    vi.unstubAllEnvs()
    await close?.()
    await app?.close()
  })

  it('registers, shows, changes and removes an account, and never prints its secrets', async () => {
    const secrets = file(
      'secrets.json',
      JSON.stringify({ appSecret: 'test-very-secret', token: 'testtoken' }),
    )
    const add = [
      'account',
      'add',
      'wxnew00000000001',
      '--name',
      '新号',
      '--mode',
      'plain',
      '--secrets',
      secrets,
    ]
    const added = await nurture(...add)
    expect(added).toMatchObject({ code: 0 })
    expect(await nurture(...add)).toMatchObject({
      code: 1,
      err: expect.stringContaining('already registered'),
    })
    const list = await nurture('account', 'list')
    expect(list.out).toContain('wxnew00000000001')
    const json = await nurture('account', 'show', 'wxnew00000000001', '--json')
    expect(JSON.parse(json.out)).toMatchObject({ appId: 'wxnew00000000001', state: 'active' })
    expect(added.out + list.out + json.out).not.toContain('test-very-secret')
    const changed = await nurture(
      'account',
      'change',
      'wxnew00000000001',
      '--name',
      '改名',
      '--rules',
      'classic-48h',
    )
    expect(changed.out).toContain('改名')
    const after = JSON.parse((await nurture('account', 'show', 'wxnew00000000001', '--json')).out)
    expect(after).toMatchObject({ name: '改名', rules: 'classic-48h', mode: 'plain' })
    const change = (...args: string[]) => nurture('account', 'change', 'wxnew00000000001', '--json', ...args)
    const variables = (text: string) => JSON.parse(text).variables
    const set = await change('--var', 'city=上海, 浦东', '--var=tel=a=b')
    expect(variables(set.out)).toEqual({ city: '上海, 浦东', tel: 'a=b' })
    expect(variables((await change('--var', 'city=北京', '--remove-var', 'tel')).out)).toEqual({
      city: '北京',
    })
    expect((await nurture('account', 'show', 'wxnew00000000001')).out).toMatch(/variables +\{"city":"北京"\}/)
    expect((await change('--var', 'city')).code).toBe(2)
    expect((await nurture('account', 'pause', 'wxnew00000000001')).out).toContain('paused')
    expect((await nurture('account', 'resume', 'wxnew00000000001')).out).toContain('active')
    expect((await nurture('account', 'remove', 'wxnew00000000001')).code).toBe(0)
    expect((await nurture('account', 'show', 'wxnew00000000001')).code).toBe(1)
  })

  it('verifies each requirement of an account, and reports the address to whitelist', async () => {
    await app.addAccount({ appId: APP })
    const before = await nurture('account', 'verify', APP, '--json')
    const checks = (text: string) =>
      Object.fromEntries(JSON.parse(text).checks.map((c: { check: string; ok: boolean }) => [c.check, c.ok]))
    expect(before.code).toBe(1)
    expect(checks(before.out)).toEqual({
      secret: true,
      'ip-whitelist': true,
      certification: true,
      callback: false,
    })
    await app.simulator.account(APP).follow('oVerify')
    await waitFor(async () => (await nurture('account', 'verify', APP)).code === 0)
    app.simulator.account(APP).setTrust({ ipWhitelisted: false })
    const blocked = await nurture('account', 'verify', APP)
    expect(blocked.code).toBe(1)
    expect(blocked.out).toMatch(/Add [\d.:a-f]+ to the IP whitelist/)
    app.simulator.account(APP).setTrust({ ipWhitelisted: true, certified: false })
    expect((await nurture('account', 'verify', APP)).out).toMatch(/FAILED +certification/)
    app.simulator.account(APP).setTrust({ certified: true })
  })

  it('publishes a campaign with an image file, then pauses, resumes and removes it', async () => {
    file('beside.png', PNG)
    const path = file(
      'withpic.yaml',
      SERIES('withpic', '  - { id: pic, after: 0s, send: { image: { file: beside.png } } } # 图片\n'),
    )
    const put = await nurture('campaign', 'put', path)
    expect(put).toMatchObject({ code: 0, out: 'withpic: version 1 is live' })
    expect(put.err).toContain('uploaded  beside.png')
    const shown = await nurture('campaign', 'show', 'withpic')
    expect(shown.out).toMatch(/file: sha256-[0-9a-f]{64}/)
    expect(shown.out).toContain('# 图片')
    expect(readFileSync(path, 'utf8')).toContain('beside.png')
    expect((await nurture('campaign', 'put', path)).out).toBe(
      'withpic: nothing was changed, version 1 is live already',
    )
    expect((await nurture('campaign', 'list')).out).toContain('withpic')
    const accounts = await nurture('campaign', 'accounts', 'withpic')
    expect(accounts.out).toMatch(new RegExp(`${APP} +.* yes`))
    const served = JSON.parse((await nurture('campaign', 'accounts', 'withpic', '--json')).out).items
    expect(served).toMatchObject([{ appId: APP, takes: true, reasons: [] }])
    expect(JSON.parse((await nurture('campaign', 'totals', 'withpic', '--json')).out)).toEqual({ items: [] })
    expect((await nurture('campaign', 'pause', 'withpic')).out).toBe('withpic: paused')
    expect((await nurture('campaign', 'resume', 'withpic')).out).toBe('withpic: live')
    expect((await nurture('campaign', 'remove', 'withpic')).code).toBe(0)
    const gone = await nurture('campaign', 'pause', 'withpic', '--json')
    expect(gone.code).toBe(1)
    expect(JSON.parse(gone.err).error.code).toBe('not-found')
  })

  it('exports a campaign and its media, and publishes the same again from the folder', async () => {
    file('cover.png', PNG)
    const picture = (id: string) =>
      SERIES(id, '  - { id: pic, after: 0s, send: { image: { file: "cover.png" } } } # 图片\n')
    await nurture('campaign', 'put', file('exported.yaml', picture('exported')))
    const hashOf = async () =>
      JSON.parse((await nurture('campaign', 'versions', 'exported', '--json')).out).items[0].contentHash
    const before = { text: (await nurture('campaign', 'show', 'exported')).out, hash: await hashOf() }
    const to = join(folder, 'out')
    const exported = await nurture('campaign', 'export', 'exported', '--to', to)
    expect(exported.code).toBe(0)
    const [path = '', medium = ''] = exported.out.split('\n')
    expect(readFileSync(path, 'utf8')).toMatch(/image: \{ file: "[0-9a-f]{16}\.png" \} \} \} # 图片/)
    expect(readFileSync(medium)).toEqual(Buffer.from(PNG))
    expect((await nurture('campaign', 'export', 'exported', '--to', to)).err).toContain('--force')

    expect((await nurture('campaign', 'remove', 'exported')).code).toBe(0)
    expect((await nurture('campaign', 'put', path)).out).toBe('exported: version 2 is live')
    expect((await nurture('campaign', 'show', 'exported')).out).toBe(before.text)
    expect(await hashOf()).toBe(before.hash)
    await nurture('campaign', 'remove', 'exported')
  })

  it('saves, checks and publishes a draft, compares versions and goes back to one', async () => {
    const path = file('evolving.yaml', SERIES('evolving'))
    await nurture('campaign', 'put', path)
    const broken = file('broken-draft.yaml', SERIES('evolving').replace('after:', 'aftr:'))
    expect((await nurture('draft', 'put', 'evolving', broken)).out).toBe('evolving: draft saved, revision 1')
    const checked = await nurture('draft', 'check', 'evolving')
    expect(checked).toMatchObject({ code: 1, out: expect.stringContaining('error    steps.0.aftr') })
    expect((await nurture('draft', 'publish', 'evolving')).code).toBe(1)
    const better = file('better.yaml', SERIES('evolving').replace('name:', 'priority: 3\nname:'))
    await nurture('draft', 'put', 'evolving', better)
    expect((await nurture('draft', 'list')).out).toMatch(/evolving +2 +1 /)
    expect((await nurture('campaign', 'diff', 'evolving')).out).toBe('campaign: priority changed from 0 to 3')
    expect((await nurture('draft', 'publish', 'evolving')).out).toBe('evolving: version 2 is live')
    expect((await nurture('draft', 'show', 'evolving')).code).toBe(1)
    expect((await nurture('campaign', 'put', path, '--expect', '1')).err).toContain('You expected version 1')
    expect((await nurture('campaign', 'rollback', 'evolving', '1')).out).toBe(
      'evolving: version 3 is live, with the file of version 1',
    )
    expect((await nurture('campaign', 'versions', 'evolving')).out).toMatch(/3 newest .* version 1 again/)
    const old = await nurture('campaign', 'show', 'evolving', '--version-number', '2')
    expect(old.out).toContain('priority: 3')
    expect((await nurture('campaign', 'retire', 'evolving')).out).toBe('evolving: retired; 0 runs continue')
    expect((await nurture('campaign', 'list', '--state', 'retired')).out).toContain('evolving')
    expect((await nurture('campaign', 'restore', 'evolving')).out).toBe('evolving: live, version 3')
    const copied = await nurture('campaign', 'copy', 'evolving', '--to', 'wxnobody', '--check')
    expect(copied.code).toBe(1)
    await nurture('campaign', 'remove', 'evolving')
  })

  it('reports every error of a campaign, and does not publish it', async () => {
    const refused = await nurture(
      'campaign',
      'put',
      file('x.yaml', 'id: x\nname: X\nentry: {event: birth}\nsteps: []\n'),
    )
    expect(refused.code).toBe(1)
    expect(refused.err).toContain('entry.event')
    expect(refused.err).toContain('steps')
    expect((await nurture('campaign', 'show', 'x')).code).toBe(1)
  })

  it('shows, pauses, resumes, cancels and erases a follower', async () => {
    await app.addAccount({ appId: APP })
    await nurture('campaign', 'put', file('series.yaml', SERIES('series')))
    await app.simulator.account(APP).follow('oCli')
    await app.waitForRun(APP, 'oCli', () => true)
    const shown = await nurture('follower', 'show', APP, 'oCli')
    expect(shown.out).toMatch(/series@1 · active/)
    expect((await nurture('campaign', 'totals', 'series')).out).toMatch(/1 +runs +active 1/)
    expect(shown.out).toMatch(/far +pending/)
    expect((await nurture('follower', 'pause', APP, 'oCli')).code).toBe(0)
    await app.waitForRun(APP, 'oCli', (r) => r.status === 'paused')
    expect((await nurture('follower', 'resume', APP, 'oCli')).code).toBe(0)
    await app.waitForRun(APP, 'oCli', (r) => r.status === 'active')
    expect(await nurture('follower', 'cancel', APP, 'oCli', '--reason', '客户要求')).toMatchObject({
      code: 0,
      err: '',
    })
    const run = await app.waitForRun(APP, 'oCli', (r) => r.status === 'ended')
    expect(run.state).toMatchObject({ outcome: 'cancelled', reason: '客户要求' })
    expect(await nurture('follower', 'cancel', APP, 'oCli')).toMatchObject({ code: 1 })
    expect(await nurture('follower', 'show', APP, 'oNobody')).toMatchObject({ code: 1 })
    expect(await nurture('follower', 'erase', APP, 'oNobody')).toMatchObject({ code: 1 })
    expect(await nurture('follower', 'erase', APP, 'oCli')).toMatchObject({ code: 0, err: '' })
  })

  it('counts, pauses and cancels many followers in jobs, and lists what became of them', async () => {
    await app.addAccount({ appId: 'wxclibulk0000001' })
    await nurture('campaign', 'put', file('bulk.yaml', SERIES('bulk', 'accounts: [wxclibulk0000001]\n')))
    for (const openId of ['oBulkOne', 'oBulkTwo']) {
      await app.simulator.account('wxclibulk0000001').follow(openId)
      await app.waitForRun('wxclibulk0000001', openId, (r) => r.runId !== null)
    }
    expect(await nurture('bulk', 'count', 'pause', '--campaign', 'bulk')).toMatchObject({
      code: 0,
      out: 'pause: 2 runs',
    })
    const start = ['bulk', 'start', 'pause', '--campaign', 'bulk', '--key', 'test-key', '--wait']
    const paused = await nurture(...start)
    expect(paused.out).toMatch(/pause finished: 2 of 2 \(2 done, 0 had ended, 0 failed\)$/)
    expect(paused.err).toContain('nurture bulk stop')
    await app.waitForRun('wxclibulk0000001', 'oBulkOne', (r) => r.status === 'paused')
    const [id = ''] = paused.out.split(' ')
    expect((await nurture(...start)).out).toBe(paused.out)
    const one = ['--follower', 'wxclibulk0000001/oBulkOne']
    const cancelled = await nurture('bulk', 'start', 'cancel', ...one, '--reason', '客户要求', '--wait')
    expect(cancelled.out).toContain('1 of 1 (1 done')
    await app.waitForRun('wxclibulk0000001', 'oBulkOne', (r) => r.outcome === 'cancelled')
    const listed = JSON.parse((await nurture('bulk', 'followers', id, '--result', 'done', '--json')).out)
    expect(listed.items.map((f: { openId: string }) => f.openId).sort()).toEqual(['oBulkOne', 'oBulkTwo'])
    expect((await nurture('bulk', 'followers', id, '--result', 'failed', '--json')).out).toMatch(
      /"items": \[\]/,
    )
    expect((await nurture('bulk', 'status')).out).toContain(id)
    expect((await nurture('bulk', 'stop', id)).out).toContain('pause finished')
    expect(await nurture('bulk', 'status', 'no-such-job')).toMatchObject({ code: 1 })
    const resumed = await nurture(
      'bulk',
      'start',
      'resume',
      '--job',
      id,
      '--result',
      'done',
      '--wait',
      '--json',
    )
    expect(JSON.parse(resumed.out)).toMatchObject({ state: 'finished', total: 1, done: 1 })
  })

  it('sets facts of a follower, starts a campaign and changes tags', async () => {
    await app.addAccount({ appId: APP })
    await nurture('campaign', 'put', file('by-hand.yaml', SERIES('by-hand')))
    app.simulator.wechat.follower({ appId: APP, openId: 'oFacts' }).following = true
    await app.simulator.account(APP).type('oFacts', '在吗')
    const known = () => nurture('follower', 'facts', APP, 'oFacts', '--json')
    await waitFor(known, { until: ({ code }) => code === 0 })
    const given = ['paid=true', 'amount=12.5', 'note=a=b', 'phone=+86 1', 'code=007']
    const set = given.flatMap((fact) => ['--set', fact])
    expect(await nurture('follower', 'facts', APP, 'oFacts', ...set)).toMatchObject({
      code: 0,
      out: 'accepted: paid, amount, note, phone, code',
    })
    const facts = { paid: true, amount: 12.5, note: 'a=b', phone: '+86 1', code: '007' }
    await waitFor(async () => JSON.parse((await known()).out).facts, {
      until: (found) => isDeepStrictEqual(found, facts),
    })
    expect((await nurture('follower', 'facts', APP, 'oFacts')).out).toMatch(/paid +true/)
    const bad = await nurture('follower', 'facts', APP, 'oFacts', '--set', 'a b=1')
    expect([bad.code, bad.err]).toEqual([1, expect.stringContaining('a b')])
    expect((await nurture('follower', 'enter', APP, 'oFacts', 'by-hand')).code).toBe(0)
    await app.waitForRun(APP, 'oFacts', (r) => r.campaign === 'by-hand')
    expect(await nurture('follower', 'enter', APP, 'oFacts', 'by-hand')).toMatchObject({
      code: 1,
      err: expect.stringContaining('active run'),
    })
    expect((await nurture('follower', 'tag', APP, 'oFacts', '--add', '金卡')).out).toBe('added 1, removed 0')
    expect(app.simulator.account(APP).tags('oFacts')).toEqual(['金卡'])
  })

  it('manages receivers of webhooks and hooks, and prints each secret once', async () => {
    await app.addAccount({ appId: APP })
    const added = await nurture('webhook', 'put', 'crm', 'https://crm.example/in')
    expect(added.out).toMatch(/^whs_[\w-]{43}$/)
    expect((await nurture('webhook', 'put', 'crm', 'https://crm.example/v2')).out).toContain('changed')
    expect((await nurture('webhook', 'receivers')).out).toMatch(/crm +https:\/\/crm\.example\/v2/)
    expect((await nurture('webhook', 'put', 'crm', 'http://10.0.0.1/')).err).toContain('WEBHOOK_PRIVATE')
    const changed = await nurture('webhook', 'new-secret', 'crm')
    expect(changed.out).not.toBe(added.out)
    await enqueueWebhook(
      app.services.db,
      { appId: APP, openId: 'oOne' },
      'crm',
      { campaign: 'c', version: 1, step: 's', runKey: 'r', qrScene: null, variant: null, facts: {}, at: 1 },
      Date.now(),
    )
    expect((await nurture('webhook', 'list')).out).toMatch(/crm +s +waiting/)
    expect((await nurture('webhook', 'list', '--state', 'failed')).out).toContain('no webhook')
    expect((await nurture('webhook', 'retry', '--receiver', 'crm')).out).toBe('0 webhooks are sent again')
    expect((await nurture('webhook', 'retry', '99999')).code).toBe(1)
    expect((await nurture('webhook', 'remove', 'crm')).code).toBe(0)

    const settings = file(
      'hook.yaml',
      `accounts: [${APP}]\nfields: { openId: who, facts: { paid: order.paid } }\n`,
    )
    const hook = await nurture('hook', 'put', 'shop', settings)
    expect(hook.out).toMatch(/^hks_[\w-]{43}$/)
    expect((await nurture('hook', 'put', 'shop', settings)).out).toContain('changed')
    expect((await nurture('hook', 'list')).out).toMatch(/shop +wx\w+ +none +paid/)
    expect((await nurture('hook', 'put', 'shop', file('bad-hook.yaml', 'accounts: []\n'))).err).toContain(
      'accounts',
    )
    expect((await nurture('hook', 'new-secret', 'shop')).out).toMatch(/^hks_/)
    expect((await nurture('hook', 'remove', 'shop')).code).toBe(0)
    expect((await nurture('hook', 'remove', 'shop')).code).toBe(1)
  })

  it('makes the running server re-encrypt its store', async () => {
    const { code, out } = await nurture('key', 'rotate', '--json')
    expect(code).toBe(0)
    // Everything is already encrypted with the current key.
    expect(JSON.parse(out)).toMatchObject({ reencrypted: { 'accounts.app_secret_sealed': 0 }, unreadable: 0 })
  })

  it('creates a QR code for a campaign, and rejects a scene that the campaign does not match', async () => {
    await app.addAccount({ appId: APP })
    const guide = SERIES('booth').replace('subscribe }', 'subscribe, qrScenes: [booth*] }')
    await nurture('campaign', 'put', file('booth.yaml', guide))
    const made = await nurture('qrcode', APP, 'booth-1', '--campaign', 'booth', '--expires', '30d')
    expect(made).toMatchObject({ code: 0, err: '' })
    expect(made.out).toMatch(/booth-1: valid until \d{4}-/)
    expect(made.out).toContain('https://mp.weixin.qq.com/cgi-bin/showqrcode?ticket=')
    const permanent = await nurture('qrcode', APP, 'booth-2', '--json')
    expect(JSON.parse(permanent.out)).toMatchObject({ expiresAt: null })
    const refused = await nurture('qrcode', APP, 'shop', '--campaign', 'booth')
    expect(refused).toMatchObject({ code: 1, err: expect.stringContaining('booth*, not shop') })
  })

  it('gets, publishes and removes a menu', async () => {
    await app.addAccount({ appId: APP })
    app.simulator.wechat.account(APP).menu = [{ key: 'guide', label: '资料' }]
    const saved = await nurture('menu', 'get', APP)
    expect(saved).toMatchObject({ code: 0, err: expect.stringContaining('console') })
    expect(saved.out).toContain('key: guide')
    const put = await nurture('menu', 'put', APP, file('menu.yaml', saved.out))
    expect(put).toMatchObject({ code: 0, out: expect.stringContaining('1 button') })
    const json = await nurture('menu', 'get', APP, '--json')
    expect(JSON.parse(json.out)).toMatchObject({ source: 'api', button: [{ key: 'guide' }] })
    expect(await nurture('menu', 'put', APP, file('menu.json', json.out))).toMatchObject({ code: 0 })
    const invalid = await nurture('menu', 'put', APP, file('bad-menu.yaml', 'button: [{ name: 资料 }]\n'))
    expect(invalid).toMatchObject({ code: 1, err: expect.stringContaining('button.0.type') })
    expect(await nurture('menu', 'put', APP, file('odd.yaml', 'button: ['))).toMatchObject({ code: 1 })
    expect(await nurture('menu', 'remove', APP)).toMatchObject({ code: 0 })
    expect(await nurture('menu', 'get', APP)).toMatchObject({ code: 1 })
  })

  it('adds users with passwords from files, changes and removes them', async () => {
    const password = file('password.txt', 'test-lins-password\n')
    const add = ['user', 'add', 'Lin', '--role', 'operator', '--password-file', password]
    expect(await nurture(...add)).toMatchObject({ code: 0, out: 'lin: added as operator' })
    expect(await nurture(...add)).toMatchObject({ code: 1, err: expect.stringContaining('already') })
    const short = await nurture('user', 'add', 'zoe', '--password-file', file('short.txt', 'short'))
    expect(short).toMatchObject({ code: 1, err: expect.stringContaining('12 characters') })
    const many = await nurture('user', 'password', 'lin', '--password-file', file('two.txt', 'one\ntwo'))
    expect(many).toMatchObject({ code: 1, err: expect.stringContaining('one line') })
    const changed = await nurture('user', 'password', 'lin', '--password-file', password)
    expect(changed).toMatchObject({ code: 0, out: expect.stringContaining('all sessions ended') })
    expect((await nurture('user', 'role', 'lin', 'admin')).out).toBe('lin: admin from now on')
    expect((await nurture('user', 'disable', 'lin')).out).toBe('lin: disabled')
    expect((await nurture('user', 'list')).out).toMatch(/lin +admin +disabled \d{4}-\S+ +off +\d{4}-/)
    expect((await nurture('user', 'enable', 'lin')).out).toBe('lin: active')
    expect((await nurture('user', 'remove', 'lin')).out).toBe('lin: removed')
    expect((await nurture('user', 'remove', 'lin')).code).toBe(1)
  })

  it('creates the first admin through the running server if the store is embedded', async () => {
    const password = file('admin.txt', 'test-first-password')
    const made = await nurture('admin', 'create', 'boss', '--password-file', password)
    expect(made).toMatchObject({ code: 0, out: 'boss: added as admin' })
    expect(await nurture('admin', 'create', 'boss', '--password-file', password)).toMatchObject({ code: 1 })
    await nurture('user', 'remove', 'boss')
  })

  it('creates and revokes a token, whose actions are in the audit log', async () => {
    const made = await nurture('token', 'create', '小王的电脑', '--role', 'operator', '--expires', '30d')
    expect(made.code).toBe(0)
    expect(made.out).toMatch(/^fnt_[\w-]{43}$/)
    const id = /tok_\w+/.exec(made.err)?.[0] ?? ''
    vi.stubEnv('NURTURE_TOKEN', made.out)
    try {
      expect((await nurture('campaign', 'list')).code).toBe(0)
      await nurture('media', 'put', file('p.png', PNG))
      const audit = await nurture('audit')
      expect(audit).toMatchObject({ code: 1, err: expect.stringContaining('needs the role admin') })
    } finally {
      vi.stubEnv('NURTURE_TOKEN', '')
    }
    const log = await nurture('audit', '--limit', '1')
    expect(log.out).toMatch(new RegExp(`${id} +media.upload`))
    expect(log.err).toMatch(/older entries: --cursor \S+/)
    const older = await nurture('audit', '--cursor', log.err.split(' ').at(-1) ?? '')
    expect(older.out).toMatch(new RegExp(`admin-token +token.create +${id} +.*小王的电脑`))
    expect(older.out).not.toContain(made.out)
    expect((await nurture('token', 'list')).out).toMatch(
      new RegExp(`${id} +小王的电脑 +operator +admin-token`),
    )
    expect((await nurture('token', 'revoke', id)).out).toBe(`${id}: revoked`)
    expect((await nurture('token', 'revoke', id)).code).toBe(1)
  })

  it('uploads a medium, and refuses one that WeChat does not accept', async () => {
    const good = await nurture('media', 'put', file('p.png', PNG), '--json')
    expect(JSON.parse(good.out)).toMatchObject({ type: 'image', bytes: PNG.length })
    expect(await nurture('media', 'put', file('p.txt', 'words'))).toMatchObject({
      code: 1,
      err: expect.stringContaining('PNG'),
    })
  })

  it('reports whether the namespace is the expected one, and accepts it', async () => {
    const shown = await nurture('temporal', 'show')
    expect(shown).toMatchObject({ code: 0, err: '' })
    expect(shown.out).toContain(': expected,')
    expect(await nurture('temporal', 'accept')).toMatchObject({ code: 0 })
    expect((await nurture('temporal', 'show')).out).toContain(': rebuilding,')
  })
})

describe.skipIf(!inject('postgresUrl'))('nurture admin create, with a database and without a server', () => {
  it('stores the first admin with an audit log entry', async () => {
    const databaseUrl = await freshDatabase(inject('postgresUrl'))
    vi.stubEnv('DATABASE_URL', databaseUrl)
    try {
      const create = (name: string, password: string) =>
        nurture('admin', 'create', name, '--password-file', file('first.txt', password))
      expect(await create('Boss', 'test-first-password')).toEqual({
        code: 0,
        out: 'boss: added as admin',
        err: '',
      })
      expect(await create('boss', 'test-first-password')).toMatchObject({
        code: 1,
        err: expect.stringContaining('nurture user password'),
      })
      expect(await create('zoe', 'short')).toMatchObject({ code: 1, err: expect.stringContaining('12') })
      expect(await create('admin-token', 'test-first-password')).toMatchObject({ code: 1 })
    } finally {
      vi.stubEnv('DATABASE_URL', '')
    }
    const store = await openStore({ databaseUrl, dataDir: null })
    try {
      const boss = await createUserStore(store.db, Date.now).find('boss')
      expect(boss).toMatchObject({ role: 'admin', disabledAt: null })
      expect(await createPasswords().verify('test-first-password', boss?.passwordHash ?? null)).toBe(true)
      const [entry] = await listAudit(store.db, { after: null, limit: 1 })
      expect(entry).toMatchObject({ actor: 'command-line', action: 'user.add', target: 'boss' })
    } finally {
      await store.close()
    }
  })

  it('reports that the database does not answer', async () => {
    vi.stubEnv('DATABASE_URL', 'postgres://test:test@127.0.0.1:9/none')
    const made = await nurture(
      'admin',
      'create',
      'boss',
      '--password-file',
      file('x.txt', 'test-first-password'),
    )
    vi.stubEnv('DATABASE_URL', '')
    expect(made).toMatchObject({ code: 1, err: expect.stringContaining('DATABASE_URL') })
  })
})

describe.skipIf(!inject('postgresUrl'))('nurture key rotate, with a database and without a server', () => {
  it('re-encrypts every secret with the new key, and needs the old key to do so', async () => {
    const databaseUrl = await freshDatabase(inject('postgresUrl'))
    const store = await openStore({ databaseUrl, dataDir: null })
    onTestFinished(async () => {
      vi.unstubAllEnvs()
      await store.close()
    })
    await createPlatformStore(store.db, createSealer('old-test-key')).saveTicket('wxplatform', 'ticket', {
      createTime: 1,
      receivedAt: 1,
      lifetimeMs: 1,
    })
    vi.stubEnv('DATABASE_URL', databaseUrl)
    vi.stubEnv('TEMPORAL_ADDRESS', '127.0.0.1:9')
    vi.stubEnv('LOG_LEVEL', 'silent')
    vi.stubEnv('ENCRYPTION_KEY', 'new-test-key-of-thirty-two-characters')
    expect(await nurture('key', 'rotate')).toMatchObject({
      code: 1,
      err: expect.stringContaining('Nothing was changed'),
    })
    vi.stubEnv('ENCRYPTION_KEY_PREVIOUS', 'old-test-key')
    const { code, out } = await nurture('key', 'rotate')
    expect([code, out]).toEqual([0, expect.stringContaining('component_tickets.ticket_sealed: 1')])
    expect(out).toMatch(/keep the previous key \S+ in ENCRYPTION_KEY_PREVIOUS until the retention/)
    const ticket = await createPlatformStore(
      store.db,
      createSealer('new-test-key-of-thirty-two-characters'),
    ).readTicket('wxplatform')
    expect(ticket?.ticket).toBe('ticket')
  })
})
