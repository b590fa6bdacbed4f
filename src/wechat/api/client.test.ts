import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { createWechatClient, type WechatClient } from './client.ts'

const TOKEN = 'secret-token'
const MESSAGE = { touser: 'o1', msgtype: 'text', text: { content: '你好 👋' } }

interface Received {
  method: string
  path: string
  query: Record<string, string>
  headers: IncomingMessage['headers']
  body: string
}

const closing: (() => void)[] = []
afterEach(() => {
  for (const close of closing.splice(0)) close()
})

async function portOf(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

/** Starts a local server in WeChat's place with the given answers, and records its requests. */
async function serveWechat(
  answer: (res: ServerResponse, req: IncomingMessage) => void,
  timeoutMs?: number,
): Promise<{ client: WechatClient; base: string; received: Received[] }> {
  const received: Received[] = []
  const server = createHttpServer(async (req, res) => {
    const chunks: Buffer[] = []
    for await (const chunk of req) chunks.push(chunk as Buffer)
    const { pathname, searchParams } = new URL(req.url ?? '', 'http://wechat')
    received.push({
      method: req.method ?? '',
      path: pathname,
      query: Object.fromEntries(searchParams),
      headers: req.headers,
      body: Buffer.concat(chunks).toString('utf8'),
    })
    answer(res, req)
  })
  const port = await portOf(server)
  closing.push(() => {
    server.closeAllConnections()
    server.close()
  })
  const base = `http://127.0.0.1:${port}`
  return { client: createWechatClient({ apiBase: base, timeoutMs }), base, received }
}

const answerWith = (status: number, body: string, contentType = 'application/json') =>
  serveWechat((res) => res.writeHead(status, { 'content-type': contentType }).end(body))

/** Starts a TCP server. @returns its port */
async function tcpPort(onSocket: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>()
  const server = createTcpServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    onSocket(socket)
  })
  closing.push(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return portOf(server)
}

/** A port on which nothing listens. */
async function closedPort(): Promise<number> {
  const server = createTcpServer()
  const port = await portOf(server)
  await new Promise((resolve) => server.close(resolve))
  return port
}

describe('an answer of WeChat', () => {
  it('may be a success', async () => {
    const { client } = await answerWith(200, '{"errcode":0,"errmsg":"ok"}')
    expect(await client.customSend(TOKEN, MESSAGE)).toEqual({
      kind: 'answered',
      errcode: 0,
      errmsg: 'ok',
      rid: null,
      data: { errcode: 0, errmsg: 'ok' },
    })
  })

  it.each([
    [-1, 'system error', null],
    [40001, 'invalid credential rid: 65f1a2b3-0c1d2e3f-4a5b6c7d', '65f1a2b3-0c1d2e3f-4a5b6c7d'],
    [45015, 'response out of time limit or subscription is canceled hint: [x] rid:65f1-1', '65f1-1'],
    [45047, 'out of response count limit', null],
  ])('may have the errcode %i, and a rid for WeChat’s support', async (errcode, errmsg, rid) => {
    const { client } = await answerWith(200, JSON.stringify({ errcode, errmsg }))
    expect(await client.customSend(TOKEN, MESSAGE)).toEqual({
      kind: 'answered',
      errcode,
      errmsg,
      rid,
      data: null,
    })
  })

  it('may be JSON with the content type text/plain', async () => {
    const { client } = await answerWith(200, '{"errcode":0}', 'text/plain')
    expect(await client.customSend(TOKEN, MESSAGE)).toMatchObject({
      kind: 'answered',
      errcode: 0,
      errmsg: '',
    })
  })

  it('may have data and no errcode', async () => {
    const { client } = await answerWith(200, '{"access_token":"t1","expires_in":7200}')
    expect(await client.stableToken({ appId: 'wx1', appSecret: 's1' })).toMatchObject({
      kind: 'answered',
      errcode: 0,
      data: { access_token: 't1', expires_in: 7200 },
    })
  })

  it('may have an errcode together with an HTTP error status', async () => {
    const { client } = await answerWith(412, '{"errcode":48001,"errmsg":"api unauthorized"}')
    expect(await client.customSend(TOKEN, MESSAGE)).toMatchObject({ kind: 'answered', errcode: 48001 })
  })
})

describe('a message that was certainly not delivered', () => {
  it('got HTTP 503', async () => {
    const { client, received } = await answerWith(503, 'Service Unavailable', 'text/plain')
    expect(await client.customSend(TOKEN, MESSAGE)).toEqual({ kind: 'failed', reason: 'HTTP 503' })
    expect(received).toHaveLength(1)
  })

  it('got HTTP 503 with JSON', async () => {
    const { client } = await answerWith(503, '{"errcode":0,"errmsg":"ok"}')
    expect(await client.customSend(TOKEN, MESSAGE)).toEqual({ kind: 'failed', reason: 'HTTP 503' })
  })

  it.each([
    ['a port on which nothing listens', async () => `http://127.0.0.1:${await closedPort()}`, 'ECONNREFUSED'],
    // The label is too long, so that every resolver refuses the name locally.
    ['a name that does not exist', async () => `http://${'x'.repeat(64)}.invalid`, 'ENOTFOUND|EAI_AGAIN'],
    [
      'a server without TLS',
      async () =>
        `https://127.0.0.1:${await tcpPort((s) => s.once('data', () => s.end('HTTP/1.1 400 Bad Request\r\n\r\n')))}`,
      'ERR_SSL_WRONG_VERSION_NUMBER|EPROTO',
    ],
    [
      'a server that closes the connection during the handshake',
      async () => `https://127.0.0.1:${await tcpPort((s) => s.once('data', () => s.end()))}`,
      'ECONNRESET',
    ],
    [
      'a server that resets the connection during the handshake',
      async () => `https://127.0.0.1:${await tcpPort((s) => s.once('data', () => s.resetAndDestroy()))}`,
      'ECONNRESET',
    ],
  ])('could not connect to %s', async (_name, address, code) => {
    const client = createWechatClient({ apiBase: await address() })
    expect(await client.customSend(TOKEN, MESSAGE)).toEqual({
      kind: 'failed',
      unconnected: true,
      reason: expect.stringMatching(`^no connection to WeChat \\((${code})\\)$`) as string,
    })
  })
})

describe('a message with an unclear outcome', () => {
  it('was sent without an answer in time', async () => {
    const { client, received } = await serveWechat(() => {}, 500)
    expect(await client.customSend(TOKEN, MESSAGE)).toEqual({
      kind: 'unclear',
      after: 'timeout',
      reason: 'no answer within 0.5 s',
    })
    expect(received).toHaveLength(1)
  })

  it('was sent with only half of the answer in time', async () => {
    const { client, received } = await serveWechat((res) => {
      res.writeHead(200, { 'content-length': '100' }).write('{"errcode":0')
    }, 500)
    expect(await client.customSend(TOKEN, MESSAGE)).toMatchObject({ kind: 'unclear', after: 'timeout' })
    expect(received).toHaveLength(1)
  })

  it.each<[string, (req: IncomingMessage, res: ServerResponse) => void]>([
    ['the connection was reset', (req) => req.socket.resetAndDestroy()],
    ['the connection was closed', (req) => req.socket.destroy()],
    [
      'the connection was lost within the answer',
      (req, res) => {
        res.writeHead(200, { 'content-length': '100' }).write('{"errcode":0', () => req.socket.destroy())
      },
    ],
  ])('was sent, and then %s', async (_name, lose) => {
    const { client, received } = await serveWechat((res, req) => lose(req, res))
    expect(await client.customSend(TOKEN, MESSAGE)).toEqual({
      kind: 'unclear',
      after: 'lost',
      reason: expect.stringMatching(/^connection lost \(\w+\)$/) as string,
    })
    expect(received).toHaveLength(1)
  })

  it.each([
    [500, 'Internal Server Error'],
    [500, '{"errcode":0,"errmsg":"ok"}'],
    [502, '<html>Bad Gateway</html>'],
    [504, ''],
    [429, '{"error":{"code":429}}'],
  ])('got a gateway’s answer: HTTP %i %o', async (status, body) => {
    const { client, received } = await answerWith(status, body, 'text/html')
    expect(await client.customSend(TOKEN, MESSAGE)).toEqual({
      kind: 'unclear',
      after: 'http',
      reason: expect.stringContaining(`HTTP ${status}`) as string,
    })
    expect(received).toHaveLength(1)
  })

  it.each([
    [200, '<html>please sign in to this network</html>'],
    [200, ''],
    [200, '"ok"'],
    [200, 'null'],
    [200, '[]'],
    [200, '{}'],
    [200, '{"errcode":"0"}'],
    [200, '{"errcode":null}'],
    [200, '{"errcode":1e999}'],
    [200, '{"errcode":0'],
    [302, ''],
    [404, 'not found'],
    [403, '{"message":"forbidden by the proxy"}'],
  ])('got an answer without the documented shape: HTTP %i %o', async (status, body) => {
    const { client, received } = await answerWith(status, body, 'text/html')
    expect(await client.customSend(TOKEN, MESSAGE)).toEqual({
      kind: 'malformed',
      reason: expect.stringContaining(`HTTP ${status}`) as string,
    })
    expect(received).toHaveLength(1)
  })
})

describe('an API with a fallback host', () => {
  /** A client with this first host and a local fallback host, whose requests are recorded. */
  async function withFallback(apiBase: string, timeoutMs?: number) {
    const fallback = await answerWith(200, '{"errcode":0,"errmsg":"ok"}')
    const client = createWechatClient({ apiBase, fallbacks: [fallback.base], timeoutMs })
    return { client, received: fallback.received }
  }

  it.each([
    ['refuses connections', async () => `http://127.0.0.1:${await closedPort()}`],
    ['does not exist', async () => `http://${'x'.repeat(64)}.invalid`],
    [
      'resets the connection during the TLS handshake',
      async () => `https://127.0.0.1:${await tcpPort((s) => s.once('data', () => s.resetAndDestroy()))}`,
    ],
  ])('uses it when the first host %s', async (_name, first) => {
    const { client, received } = await withFallback(await first())
    expect(await client.customSend(TOKEN, MESSAGE)).toMatchObject({ kind: 'answered', errcode: 0 })
    expect(received.map((r) => [r.path, r.query, r.body])).toEqual([
      ['/cgi-bin/message/custom/send', { access_token: TOKEN }, JSON.stringify(MESSAGE)],
    ])
  })

  it('sends a whole upload to it', async () => {
    const { client, received } = await withFallback(`http://127.0.0.1:${await closedPort()}`)
    const bytes = Buffer.from('the picture')
    await client.uploadMedia(TOKEN, { type: 'image', filename: 'a.png', contentType: 'image/png', bytes })
    expect(received[0]?.body).toContain('the picture')
  })

  it.each<[string, (res: ServerResponse, req: IncomingMessage) => void, string, number?]>([
    ['answers with an errcode', (res) => res.end('{"errcode":-1}'), 'answered'],
    ['answers HTTP 503', (res) => res.writeHead(503).end(), 'failed'],
    ['answers with a web page', (res) => res.writeHead(502).end('<html>'), 'unclear'],
    ['loses the connection', (_res, req) => req.socket.resetAndDestroy(), 'unclear'],
    ['does not answer', () => {}, 'unclear', 500],
  ])('does not use it when the first host %s', async (_name, answer, kind, timeoutMs) => {
    const first = await serveWechat(answer)
    const { client, received } = await withFallback(first.base, timeoutMs)
    expect(await client.customSend(TOKEN, MESSAGE)).toMatchObject({ kind })
    expect(await client.customSend(TOKEN, MESSAGE)).toMatchObject({ kind })
    expect([first.received.length, received.length]).toEqual([2, 0])
  })

  it('does not use it when the call has too little time left to connect, and uses it for the next call', async () => {
    const { client, received } = await withFallback(`http://127.0.0.1:${await closedPort()}`, 3_000)
    expect(await client.customSend(TOKEN, MESSAGE)).toMatchObject({ kind: 'failed' })
    expect(received).toEqual([])
    expect(await client.customSend(TOKEN, MESSAGE)).toMatchObject({ kind: 'answered' })
  })
})

describe('after any failure', () => {
  it('no reason contains a token or a secret', async () => {
    const reset = await serveWechat((_res, req) => req.socket.destroy())
    const silent = await serveWechat(() => {}, 50)
    const html = await answerWith(502, `<html>${TOKEN} s1</html>`)
    const unreachable = { client: createWechatClient({ apiBase: `http://127.0.0.1:${await closedPort()}` }) }
    for (const { client } of [reset, silent, html, unreachable]) {
      const answers = [
        await client.customSend(TOKEN, MESSAGE),
        await client.stableToken({ appId: 'wx1', appSecret: 's1' }),
      ]
      expect(JSON.stringify(answers)).not.toMatch(/secret-token|s1/)
    }
  })

  it('the next message is sent', async () => {
    let answers = 0
    const { client } = await serveWechat((res, req) => {
      if (answers++ === 0) req.socket.destroy()
      else res.end('{"errcode":0,"errmsg":"ok"}')
    })
    expect(await client.customSend(TOKEN, MESSAGE)).toMatchObject({ kind: 'unclear', after: 'lost' })
    expect(await client.customSend(TOKEN, MESSAGE)).toMatchObject({ kind: 'answered', errcode: 0 })
  })
})

describe('a request as WeChat documents it', () => {
  const JSON_TYPE = 'application/json; charset=utf-8'
  const posted = (path: string, query: object, body: object) => ({
    method: 'POST',
    path,
    query,
    body: JSON.stringify(body),
    headers: expect.objectContaining({ 'content-type': JSON_TYPE }) as object,
  })

  it.each<[string, (c: WechatClient) => Promise<unknown>, object]>([
    [
      'sends a message with unescaped Chinese characters',
      (c) => c.customSend(TOKEN, MESSAGE),
      {
        ...posted('/cgi-bin/message/custom/send', { access_token: TOKEN }, MESSAGE),
        body: '{"touser":"o1","msgtype":"text","text":{"content":"你好 👋"}}',
      },
    ],
    [
      'fetches the stable token',
      (c) => c.stableToken({ appId: 'wx1', appSecret: 's1' }),
      posted(
        '/cgi-bin/stable_token',
        {},
        {
          grant_type: 'client_credential',
          appid: 'wx1',
          secret: 's1',
          force_refresh: false,
        },
      ),
    ],
    [
      'forces a new stable token',
      (c) => c.stableToken({ appId: 'wx1', appSecret: 's1', forceRefresh: true }),
      posted(
        '/cgi-bin/stable_token',
        {},
        {
          grant_type: 'client_credential',
          appid: 'wx1',
          secret: 's1',
          force_refresh: true,
        },
      ),
    ],
    [
      'shows the typing indicator',
      (c) => c.typing(TOKEN, 'o1'),
      posted('/cgi-bin/message/custom/typing', { access_token: TOKEN }, { touser: 'o1', command: 'Typing' }),
    ],
    [
      'creates a temporary QR code',
      (c) => c.createQrcode(TOKEN, { scene: '展位', expiresIn: 60 }),
      posted(
        '/cgi-bin/qrcode/create',
        { access_token: TOKEN },
        {
          action_name: 'QR_STR_SCENE',
          expire_seconds: 60,
          action_info: { scene: { scene_str: '展位' } },
        },
      ),
    ],
    [
      'creates a permanent QR code',
      (c) => c.createQrcode(TOKEN, { scene: 'expo', expiresIn: null }),
      posted(
        '/cgi-bin/qrcode/create',
        { access_token: TOKEN },
        { action_name: 'QR_LIMIT_STR_SCENE', action_info: { scene: { scene_str: 'expo' } } },
      ),
    ],
    [
      'creates a menu',
      (c) => c.createMenu(TOKEN, { button: [{ type: 'click', name: '资料', key: 'guide' }] }),
      {
        method: 'POST',
        path: '/cgi-bin/menu/create',
        query: { access_token: TOKEN },
        body: '{"button":[{"type":"click","name":"资料","key":"guide"}]}',
      },
    ],
    ...(
      [
        ['asks for the menu', (c) => c.menu(TOKEN), '/cgi-bin/menu/get'],
        ['asks for the menu in use', (c) => c.currentMenu(TOKEN), '/cgi-bin/get_current_selfmenu_info'],
        ['removes the menu', (c) => c.deleteMenu(TOKEN), '/cgi-bin/menu/delete'],
      ] satisfies [string, (c: WechatClient) => Promise<unknown>, string][]
    ).map(([name, call, path]): [string, (c: WechatClient) => Promise<unknown>, object] => [
      name,
      call,
      { method: 'GET', path, query: { access_token: TOKEN }, body: '' },
    ]),
    [
      'fetches the quota',
      (c) => c.quota(TOKEN, '/cgi-bin/message/custom/send'),
      posted(
        '/cgi-bin/openapi/quota/get',
        { access_token: TOKEN },
        { cgi_path: '/cgi-bin/message/custom/send' },
      ),
    ],
    [
      'fetches a follower',
      (c) => c.userInfo(TOKEN, 'o-1_&='),
      {
        method: 'GET',
        path: '/cgi-bin/user/info',
        query: { access_token: TOKEN, openid: 'o-1_&=', lang: 'zh_CN' },
        body: '',
      },
    ],
    [
      'fetches the tags',
      (c) => c.tags(TOKEN),
      { method: 'GET', path: '/cgi-bin/tags/get', query: { access_token: TOKEN }, body: '' },
    ],
    [
      'removes a tag from a follower',
      (c) => c.tagFollower(TOKEN, { openId: 'o1', tagId: 100, how: 'untag' }),
      {
        method: 'POST',
        path: '/cgi-bin/tags/members/batchuntagging',
        query: { access_token: TOKEN },
        body: '{"openid_list":["o1"],"tagid":100}',
      },
    ],
    [
      'fetches the API’s addresses',
      (c) => c.apiDomainIp(TOKEN),
      { method: 'GET', path: '/cgi-bin/get_api_domain_ip', query: { access_token: TOKEN }, body: '' },
    ],
  ])('%s', async (_name, call, expected) => {
    const { client, received } = await answerWith(200, '{"errcode":0}')
    await call(client)
    expect(received).toEqual([expect.objectContaining(expected)])
  })

  it('uploads a medium as a form with its file name and type', async () => {
    const { client, received } = await answerWith(200, '{"type":"image","media_id":"m1","created_at":1}')
    const answer = await client.uploadMedia(TOKEN, {
      type: 'image',
      filename: '海报.png',
      contentType: 'image/png',
      bytes: Buffer.from('the picture'),
    })
    expect(answer).toMatchObject({ kind: 'answered', data: { media_id: 'm1' } })
    expect(received[0]).toMatchObject({
      method: 'POST',
      path: '/cgi-bin/media/upload',
      query: { access_token: TOKEN, type: 'image' },
      headers: { 'content-type': expect.stringMatching(/^multipart\/form-data; boundary=/) as string },
    })
    expect(received[0]?.body).toMatch(
      /name="media"; filename="海报\.png"\r\nContent-Type: image\/png\r\n\r\nthe picture\r\n/i,
    )
  })
})
