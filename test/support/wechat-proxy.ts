import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What one path of one account answers instead of the WeChat behind it. */
interface OtherAnswer {
  /** The path ends with this: `media/upload`. */
  api: string
  status?: number
  body: string
  /** Only requests with this in their body. */
  holding?: string
  /** How many requests it answers; all, when absent. */
  times?: number
}

/** Stands before a simulated WeChat and answers what no WeChat would: a proxy's page, half a body, fields that are missing. */
export interface WechatProxy {
  /** An account's `apiBase`. */
  baseOf(appId: string): string
  answer(appId: string, answer: OtherAnswer): void
  /** Paths that an account's calls asked, in order. */
  asked(appId: string): string[]
  close(): Promise<void>
}

/** @param wechat the simulator's address */
export async function openWechatProxy(wechat: string): Promise<WechatProxy> {
  const answers = new Map<string, OtherAnswer[]>()
  const asked = new Map<string, string[]>()
  const server = createServer(async (req, res) => {
    const chunks: Buffer[] = []
    for await (const chunk of req) chunks.push(chunk as Buffer)
    const [, appId = '', ...rest] = (req.url ?? '').split('/')
    const pathAndQuery = `/${rest.join('/')}`
    const path = pathAndQuery.split('?')[0] ?? ''
    asked.set(appId, [...(asked.get(appId) ?? []), path])
    const other = answers
      .get(appId)
      ?.find((a) => path.endsWith(a.api) && a.times !== 0 && Buffer.concat(chunks).includes(a.holding ?? ''))
    if (other) {
      if (other.times !== undefined) other.times -= 1
      res.writeHead(other.status ?? 200, { 'content-type': 'text/plain' }).end(other.body)
      return
    }
    const { method = 'GET', headers } = req
    const type = headers['content-type']
    const response = await fetch(`${wechat}${pathAndQuery}`, {
      method,
      ...(type ? { headers: { 'content-type': type } } : {}),
      ...(method === 'GET' ? {} : { body: Buffer.concat(chunks) }),
    }).catch(() => null)
    res.writeHead(response?.status ?? 502).end(response ? Buffer.from(await response.arrayBuffer()) : '')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    baseOf: (appId) => `http://127.0.0.1:${port}/${appId}`,
    answer: (appId, answer) => void answers.set(appId, [...(answers.get(appId) ?? []), { ...answer }]),
    asked: (appId) => asked.get(appId) ?? [],
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
