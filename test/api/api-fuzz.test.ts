import { afterAll, beforeAll, expect, it } from 'vitest'
import { chineseMessage } from '../../src/console/texts/errors/api-error-text.ts'
import { createApiCalls, type OpenApi } from '../fuzz/random-api-calls.ts'
import { type ApiHarness, startApiHarness } from '../harness/api-harness.ts'
import { createRandom } from '../harness/random.ts'

const APP = 'wxtest0000000001'
const SEED = 1
const COUNT = 3_000

interface ErrorBody {
  code?: unknown
  message?: string
  issues?: { message: string }[]
}

let api: ApiHarness
beforeAll(async () => {
  api = await startApiHarness()
})
afterAll(() => api?.close())

it('random API calls get no server error, and errors in the form of docs/contract.md#6-operator-api that have Chinese texts', async () => {
  await api.addAccount({ appId: APP })
  const { body: doc } = await api.get<OpenApi>('/api/openapi.json')
  const known = [
    APP,
    'welcome',
    'oFuzz',
    '1',
    '48h',
    'active',
    'Asia/Shanghai',
    'http://127.0.0.1:9',
    'a@b.c',
  ]
  const calls = createApiCalls(doc, known)
  expect(calls.operations).toBeGreaterThan(20)
  const wrong: string[] = []
  const withoutChinese = new Set<string>()
  const statuses = new Map<number, number>()
  for (let n = 0; n < COUNT; n++) {
    const call = calls.next(createRandom(SEED * 1_000_003 + n))
    const { status, body, text } = await api.call<{ error?: ErrorBody } | null>(call.method, call.path, {
      ...(call.body === null ? {} : { raw: call.body }),
      ...(call.type ? { type: call.type } : {}),
    })
    statuses.set(status, (statuses.get(status) ?? 0) + 1)
    const shaped = status < 400 || typeof body?.error?.code === 'string'
    const { message = '', issues = [] } = body?.error ?? {}
    for (const said of status < 400 ? [] : [message, ...issues.map((issue) => issue.message)])
      if (chineseMessage(said) === null) withoutChinese.add(said)
    if (status >= 500 || !shaped)
      wrong.push(
        `${SEED}:${n} ${call.method} ${call.path} ${call.body?.slice(0, 200)} → ${status} ${text.slice(0, 200)}`,
      )
  }
  expect(wrong.slice(0, 10)).toEqual([])
  expect([...withoutChinese].slice(0, 10)).toEqual([])
  expect(statuses.get(200)).toBeGreaterThan(50)
})
