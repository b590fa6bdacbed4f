import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { isSignedBy, readSignature } from './signature.ts'
import { WebhookClient } from './webhook-client.ts'
import { webhookUrlProblem } from './webhook-url.ts'

const BODY = '{"id":"run/step","facts":{"name":"李"}}'
const servers: Server[] = []
const clients: WebhookClient[] = []
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.close()
    server.closeAllConnections()
  }
  await Promise.all(clients.splice(0).map((c) => c.close()))
})

async function receiver(answer: (req: IncomingMessage, res: ServerResponse) => void) {
  const received: { headers: IncomingMessage['headers']; body: string; url: string | undefined }[] = []
  const server = createServer((req, res) => {
    let body = ''
    req.setEncoding('utf8')
    req.on('data', (part) => {
      body += part
    })
    req.on('end', () => {
      received.push({ headers: req.headers, body, url: req.url })
      answer(req, res)
    })
  })
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { received, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/in?a=1` }
}

function client(more: Partial<ConstructorParameters<typeof WebhookClient>[0]> = {}) {
  const made = new WebhookClient({ allowPrivate: true, now: Date.now, ...more })
  clients.push(made)
  return made
}

describe('a webhook', () => {
  it('is a signed POST with the body unchanged', async () => {
    const to = await receiver((_, res) => res.writeHead(204).end())
    const answer = await client().post({ url: to.url, secrets: ['new', 'old'] }, BODY)
    expect(answer).toEqual({ status: 204, error: null })
    const [{ headers, body, url }] = to.received as [(typeof to.received)[0]]
    expect([body, url, headers['content-type']]).toEqual([BODY, '/in?a=1', 'application/json'])
    const claim = readSignature(headers['nurture-signature'] as string, Date.now())
    for (const secret of ['new', 'old'])
      expect(claim && isSignedBy([secret], claim, Buffer.from(body))).toBe(true)
    expect(claim && isSignedBy(['other'], claim, Buffer.from(body))).toBe(false)
  })

  it.each([301, 302, 307, 308])('follows no redirect (%i)', async (status) => {
    const elsewhere = await receiver((_, res) => res.end())
    const to = await receiver((_, res) => res.writeHead(status, { location: elsewhere.url }).end())
    const answer = await client().post({ url: to.url, secrets: ['s'] }, BODY)
    expect(answer).toEqual({ status, error: expect.stringContaining('redirects are not followed') })
    expect(elsewhere.received).toEqual([])
  })

  it.each([400, 404, 410, 429, 500, 503])('is not delivered by HTTP %i', async (status) => {
    const to = await receiver((_, res) => res.writeHead(status).end('no'))
    expect(await client().post({ url: to.url, secrets: ['s'] }, BODY)).toEqual({
      status,
      error: `HTTP ${status}`,
    })
  })

  it('is not delivered without an answer in time', async () => {
    const to = await receiver(() => {})
    const answer = await client({ timeoutMs: 100 }).post({ url: to.url, secrets: ['s'] }, BODY)
    expect(answer).toEqual({ status: null, error: 'no answer within 0.1 s' })
  })

  it('is not delivered when nobody listens', async () => {
    const answer = await client().post({ url: 'http://127.0.0.1:9/', secrets: ['s'] }, BODY)
    expect(answer).toEqual({ status: null, error: expect.stringContaining('ECONNREFUSED') })
  })

  it('is delivered by the headers: an endless body changes nothing and is not read', async () => {
    let written = 0
    const to = await receiver((_, res) => {
      res.writeHead(200)
      const more = () => {
        while (!res.destroyed && written < 50_000_000 && res.write('x'.repeat(65_536))) written += 65_536
        if (!res.destroyed) res.once('drain', more)
      }
      more()
    })
    const answer = await client({ timeoutMs: 5_000 }).post({ url: to.url, secrets: ['s'] }, BODY)
    expect(answer).toEqual({ status: 200, error: null })
    // The buffers of the connection, and not all of it.
    expect(written).toBeLessThan(20_000_000)
  })

  it('goes to no private address, unless that is allowed', async () => {
    const to = await receiver((_, res) => res.end())
    const strict = client({ allowPrivate: false })
    const answer = await strict.post({ url: to.url.replace('http:', 'https:'), secrets: ['s'] }, BODY)
    expect(answer).toEqual({ status: null, error: expect.stringContaining('WEBHOOK_PRIVATE') })
    expect(to.received).toEqual([])
  })

  it('goes to no name that resolves to a private address', async () => {
    const to = await receiver((_, res) => res.end())
    const lookup = ((_name: string, _options: object, done: (...answer: unknown[]) => void) =>
      done(null, [{ address: '127.0.0.1', family: 4 }])) as never
    const strict = client({ allowPrivate: false, lookup })
    const url = `https://receiver.example:${new URL(to.url).port}/`
    const answer = await strict.post({ url, secrets: ['s'] }, BODY)
    expect(answer).toEqual({ status: null, error: expect.stringContaining('127.0.0.1') })
    expect(to.received).toEqual([])
  })
})

describe('the URL of a receiver', () => {
  it.each([
    'not a url',
    '/relative',
    'ftp://example.com/',
    'file:///etc/passwd',
    'javascript:alert(1)',
    'http://example.com/',
    'https://user:secret@example.com/',
    'https://example.com/#part',
    'https://localhost/',
    'https://127.0.0.1/',
    'https://[::1]/',
    'https://169.254.169.254/latest/meta-data/',
    'https://10.0.0.8/',
    'https://0x7f.1/',
    `https://example.com/${'x'.repeat(2_048)}`,
  ])('is refused: %s', (url) => {
    expect(webhookUrlProblem(url, false)).toEqual(expect.any(String))
  })

  it.each(['https://example.com/hook?key=1', 'https://203.205.219.1:8443/', 'https://例子.cn/路径'])(
    'is accepted: %s',
    (url) => expect(webhookUrlProblem(url, false)).toBeNull(),
  )

  it('may be private and http with WEBHOOK_PRIVATE, and never another scheme', () => {
    expect(webhookUrlProblem('http://10.0.0.8/', true)).toBeNull()
    expect(webhookUrlProblem('http://localhost:8080/x', true)).toBeNull()
    expect(webhookUrlProblem('ftp://10.0.0.8/', true)).toEqual(expect.any(String))
    expect(webhookUrlProblem('http://a:b@10.0.0.8/', true)).toEqual(expect.any(String))
  })
})
