import { describe, expect, it } from 'vitest'
import { fileForm, SIM_NOW, startSimulatorApi } from '../../../../../test/fixtures/simulator-api.ts'

const PNG = new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, ...Array(64).fill(1)])
const MP4 = new Uint8Array([0, 0, 0, 16, ...Buffer.from('ftypisom'), 0, 0, 0, 0])

describe('media/get', () => {
  it('returns the bytes that were uploaded', async () => {
    const { post, request } = await startSimulatorApi()
    const { media_id } = await post('cgi-bin/media/upload?type=image', fileForm('cat.png', PNG))
    const answer = await request('GET', `cgi-bin/media/get?media_id=${media_id}`)
    expect(new Uint8Array(await answer.arrayBuffer())).toEqual(PNG)
    expect(answer.headers.get('content-type')).toBe('image/png')
    expect(answer.headers.get('content-disposition')).toMatch(/^attachment; filename="[^"]+"$/)
  })

  it('returns a URL for a video, which serves its bytes', async () => {
    const { sim, state, get, simulator } = await startSimulatorApi()
    await sim.act('oTest', { do: 'video' })
    const [id, medium] = [...state.media].find(([, m]) => m.type === 'video') ?? []
    const { video_url } = await get(`cgi-bin/media/get?media_id=${id}`)
    const answer = await simulator.app.request(String(video_url))
    expect(new Uint8Array(await answer.arrayBuffer())).toEqual(new Uint8Array(medium?.content ?? []))
  })

  it('returns media that followers have sent, and rejects unknown and expired ids', async () => {
    const { sim, state, request, get } = await startSimulatorApi()
    await sim.act('oTest', { do: 'image' })
    const answer = await request('GET', `cgi-bin/media/get?media_id=${[...state.media.keys()][0]}`)
    expect(answer.headers.get('content-type')).toBe('image/png')
    expect(await get('cgi-bin/media/get?media_id=unknown')).toMatchObject({ errcode: 40007 })
    sim.expireMedia()
    expect(await get(`cgi-bin/media/get?media_id=${[...state.media.keys()][0]}`)).toMatchObject({
      errcode: 40007,
    })
  })
})

describe('media/uploadimg', () => {
  it('returns a URL for a JPG or PNG up to 1 MB', async () => {
    const { post, simulator } = await startSimulatorApi()
    const { url } = await post('cgi-bin/media/uploadimg', fileForm('cat.png', PNG))
    const answer = await simulator.app.request(String(url))
    expect(new Uint8Array(await answer.arrayBuffer())).toEqual(PNG)
    const upload = (content: Uint8Array<ArrayBuffer>) =>
      post('cgi-bin/media/uploadimg', fileForm('a.png', content))
    expect(await upload(new Uint8Array([1, 2, 3]))).toMatchObject({ errcode: 40005 })
    expect(await upload(new Uint8Array(1_048_577))).toMatchObject({ errcode: 40009 })
    expect(await post('cgi-bin/media/uploadimg', new FormData())).toMatchObject({ errcode: 41005 })
  })
})

describe('permanent material', () => {
  it('is added, counted, listed, read, sent and deleted', async () => {
    const { post, get, request, sim } = await startSimulatorApi()
    const added = await post('cgi-bin/material/add_material?type=image', fileForm('cat.png', PNG))
    expect(added).toMatchObject({ media_id: expect.any(String), url: expect.stringMatching(/^http/) })
    expect(await get('cgi-bin/material/get_materialcount')).toEqual({
      voice_count: 0,
      video_count: 0,
      image_count: 1,
      news_count: 0,
    })
    const list = { type: 'image', offset: 0, count: 20 }
    expect(await post('cgi-bin/material/batchget_material', list)).toEqual({
      total_count: 1,
      item_count: 1,
      item: [{ media_id: added.media_id, name: 'cat.png', update_time: SIM_NOW / 1000, url: added.url }],
    })
    const { media_id } = added
    const read = await request('POST', 'cgi-bin/material/get_material', { media_id })
    expect(new Uint8Array(await read.arrayBuffer())).toEqual(PNG)
    await sim.follow('oTest')
    const message = { touser: 'oTest', msgtype: 'image', image: { media_id } }
    expect(await post('cgi-bin/message/custom/send', message)).toMatchObject({ errcode: 0 })
    expect(await post('cgi-bin/material/del_material', { media_id })).toEqual({ errcode: 0, errmsg: 'ok' })
    expect(await post('cgi-bin/material/get_material', { media_id })).toMatchObject({ errcode: 40007 })
    expect(await post('cgi-bin/material/del_material', { media_id })).toMatchObject({ errcode: 40007 })
  })

  const videoDescription = JSON.stringify({ title: '标题', introduction: '说明' })

  it.each([
    ['the form', 'cgi-bin/material/add_material?type=video', { description: videoDescription }],
    [
      'the query',
      `cgi-bin/material/add_material?type=video&description=${encodeURIComponent(videoDescription)}`,
      {},
    ],
  ])('of a video takes its description from %s', async (_, path, more) => {
    const { post } = await startSimulatorApi()
    const added = await post(path, fileForm('a.mp4', MP4, more as Record<string, string>))
    expect(added.url).toBeUndefined()
    expect(await post('cgi-bin/material/get_material', { media_id: added.media_id })).toEqual({
      title: '标题',
      description: '说明',
      down_url: expect.stringContaining('/_sim/media/'),
    })
  })

  it('of a video takes its description from a part with a file name', async () => {
    const { post } = await startSimulatorApi()
    const form = fileForm('a.mp4', MP4)
    form.append('description', new File([videoDescription], 'a.mp4'))
    const { media_id } = await post('cgi-bin/material/add_material?type=video', form)
    expect(await post('cgi-bin/material/get_material', { media_id })).toMatchObject({ title: '标题' })
  })

  it('is rejected when a part is missing or invalid', async () => {
    const { post } = await startSimulatorApi()
    const add = (query: string, form: FormData) => post(`cgi-bin/material/add_material?${query}`, form)
    expect(await add('type=video', fileForm('a.mp4', MP4))).toMatchObject({ errcode: 47001 })
    expect(await add('type=book', fileForm('a.png', PNG))).toMatchObject({ errcode: 40004 })
    expect(await add('type=image', new FormData())).toMatchObject({ errcode: 41005 })
    const list = { type: 'image', offset: 0, count: 21 }
    expect(await post('cgi-bin/material/batchget_material', list)).toMatchObject({ errcode: 40035 })
    // Articles are drafts today.
    expect(await post('cgi-bin/material/add_news', { articles: [] })).toMatchObject({ errcode: 45106 })
  })
})
