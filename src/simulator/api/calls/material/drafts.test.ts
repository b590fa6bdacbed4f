import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { SIM_NOW, startSimulatorApi } from '../../../../../test/fixtures/simulator-api.ts'

const ARTICLE = { title: '标题', content: '<p>正文</p>', thumb_media_id: 'permanent_test' }
const AT = SIM_NOW / 1000

afterEach(() => vi.unstubAllGlobals())

describe('drafts', () => {
  it('are added, counted, listed, read and deleted', async () => {
    const { post, get } = await startSimulatorApi()
    const { media_id } = await post('cgi-bin/draft/add', { articles: [ARTICLE] })
    expect(await get('cgi-bin/draft/count')).toEqual({ total_count: 1 })
    expect(await post('cgi-bin/draft/get', { media_id })).toMatchObject({ news_item: [ARTICLE] })
    const list = (more: object) => post('cgi-bin/draft/batchget', { offset: 0, count: 20, ...more })
    expect(await list({})).toEqual({
      total_count: 1,
      item_count: 1,
      item: [
        { media_id, content: { news_item: [ARTICLE], create_time: AT, update_time: AT }, update_time: AT },
      ],
    })
    const { content: _, ...bare } = ARTICLE
    expect(await list({ no_content: 1 })).toMatchObject({ item: [{ content: { news_item: [bare] } }] })
    expect(JSON.stringify(await list({ no_content: 1 }))).not.toContain('正文')
    expect(await list({ count: 21 })).toMatchObject({ errcode: 40035 })
    expect(await post('cgi-bin/draft/delete', { media_id })).toMatchObject({ errcode: 0 })
    expect(await post('cgi-bin/draft/get', { media_id })).toMatchObject({ errcode: 40007 })
    expect(await post('cgi-bin/draft/add', { articles: [] })).toMatchObject({ errcode: 47001 })
  })
})

describe('publishing', () => {
  it('ends with an event, and published articles can be read and deleted', async () => {
    const bodies: string[] = []
    const server = createServer((request, response) => {
      request.on('data', (part) => bodies.push(String(part)))
      request.on('end', () => response.end('success'))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const callbackUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
    const { post, state } = await startSimulatorApi({ callbackUrl })
    const { media_id } = await post('cgi-bin/draft/add', { articles: [ARTICLE, ARTICLE] })
    const submitted = await post('cgi-bin/freepublish/submit', { media_id })
    expect(submitted).toMatchObject({ errcode: 0, publish_id: expect.any(Number) })
    const { publish_id } = submitted
    await expect.poll(() => bodies.length).toBe(1)
    server.close()
    const event = JSON.parse(bodies[0] ?? '') as Record<string, unknown>
    expect(event).toMatchObject({
      FromUserName: 'mphelper',
      Event: 'PUBLISHJOBFINISH',
      PublishEventInfo: { publish_id, publish_status: 0, article_detail: { count: 2 } },
    })
    expect(state.followers.size).toBe(0)
    const status = await post('cgi-bin/freepublish/get', { publish_id: String(publish_id) })
    expect(status).toMatchObject({
      publish_id,
      publish_status: 0,
      article_detail: { count: 2 },
      fail_idx: [],
    })
    const { article_id } = status
    expect(await post('cgi-bin/freepublish/getarticle', { article_id })).toMatchObject({
      news_item: [{ title: '标题', is_deleted: false, url: expect.stringContaining('idx=1') }, {}],
    })
    expect(await post('cgi-bin/freepublish/batchget', { offset: 0, count: 1, no_content: 0 })).toMatchObject({
      total_count: 1,
      item: [{ article_id, content: { news_item: [{ title: '标题' }, {}] } }],
    })
    expect(await post('cgi-bin/freepublish/delete', { article_id, index: 1 })).toMatchObject({ errcode: 0 })
    expect(await post('cgi-bin/freepublish/getarticle', { article_id })).toMatchObject({ news_item: [{}] })
    expect(await post('cgi-bin/freepublish/delete', { article_id })).toMatchObject({ errcode: 0 })
    expect(await post('cgi-bin/freepublish/getarticle', { article_id })).toMatchObject({ errcode: 53600 })
    expect(await post('cgi-bin/freepublish/submit', { media_id })).toMatchObject({ errcode: 53503 })
  })
})
