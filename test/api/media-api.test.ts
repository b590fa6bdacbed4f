import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ApiHarness, campaignYaml, type ErrorBody, startApiHarness } from '../harness/api-harness.ts'

/** One transparent pixel. */
const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==',
  'base64',
)
const JPEG = Buffer.from([0xff, 0xd8, 0xff, 0xe0])
const MB = 1024 * 1024

interface Medium {
  id: string
  type: string
  bytes: number
}

let api: ApiHarness
beforeAll(async () => {
  api = await startApiHarness()
})
afterAll(() => api?.close())

function upload<T = Medium>(content: Buffer, options: { name?: string; type?: string } = {}) {
  const form = new FormData()
  form.set('file', new File([new Uint8Array(content)], options.name ?? 'file.bin'))
  if (options.type) form.set('type', options.type)
  return api.call<T>('POST', '/api/media', { raw: form })
}

/** `content` with zeros after it, up to `bytes`. */
const padded = (content: Buffer, bytes: number) => Buffer.concat([content], bytes)

describe('an uploaded file', () => {
  it('is identified by the hash of its content', async () => {
    const { status, body } = await upload(PNG, { name: 'pixel.png' })
    expect(status).toBe(201)
    expect(body).toMatchObject({ type: 'image', bytes: PNG.length })
    expect(body.id).toContain(createHash('sha256').update(PNG).digest('hex'))
    expect(body.id).toMatch(/^sha256/)
    expect(await upload(PNG, { name: 'another-name.png' })).toMatchObject({ status: 201, body })
  })

  it('can be used in a campaign only after its upload', async () => {
    const other = padded(PNG, PNG.length + 1)
    const id = `sha256-${createHash('sha256').update(other).digest('hex')}`
    const step = `{ id: a, after: 5s, send: { image: { file: ${id} } } }`
    const file = campaignYaml('with-image', [step], ['accounts: [wxnobody00000001]'])
    const missing = (await api.put(file)) as { status: number; body: unknown }
    expect(missing.status).toBe(422)
    expect((missing.body as ErrorBody).error.issues?.[0]?.path).toContain('steps.0.send.image')
    expect((await upload(other)).body.id).toBe(id)
    expect((await api.put(file)).status).toBe(201)
  })

  it('has the type of its content, whatever its name, and a JPEG can be a thumbnail', async () => {
    expect(await upload(JPEG, { name: 'photo.mp4' })).toMatchObject({ status: 201, body: { type: 'image' } })
    const thumb = Buffer.concat([JPEG, Buffer.from('thumb')])
    expect(await upload(thumb, { type: 'thumb' })).toMatchObject({ status: 201, body: { type: 'thumb' } })
    const voice = Buffer.from('#!AMR\n')
    expect(await upload(voice)).toMatchObject({ status: 201, body: { type: 'voice' } })
    const video = Buffer.concat([Buffer.alloc(4), Buffer.from('ftypisom')])
    expect(await upload(video)).toMatchObject({ status: 201, body: { type: 'video' } })
  })

  it.each([
    ['has no format that WeChat accepts', Buffer.from('just some text'), {}],
    ['has only the name of an image', Buffer.from('just some text'), { name: 'image.png' }],
    ['has another type than the declared one', PNG, { type: 'voice' }],
    ['has an unknown declared type', PNG, { type: 'sticker' }],
    ['is an image over 10 MB', padded(PNG, 10 * MB + 1), {}],
    ['is a voice message over 2 MB', padded(Buffer.from('#!AMR\n'), 2 * MB + 1), {}],
    ['is a thumbnail over 64 KB', padded(JPEG, 64 * 1024 + 1), { type: 'thumb' }],
    ['is empty', Buffer.alloc(0), {}],
  ])('is rejected with 422 if it %s', async (_, content, options) => {
    const { status, body } = await upload<ErrorBody>(content, options)
    expect(status).toBe(422)
    expect(body.error.issues).toHaveLength(1)
    expect(body.error.issues?.[0]?.message).toEqual(expect.any(String))
  })

  it('can have exactly 10 MB', async () => {
    expect(await upload(padded(PNG, 10 * MB))).toMatchObject({ status: 201, body: { bytes: 10 * MB } })
  })

  it('is rejected far above every limit', async () => {
    const { status, body } = await upload<ErrorBody>(padded(PNG, 12 * MB))
    expect([413, 422]).toContain(status)
    expect(body.error.code).toEqual(expect.any(String))
  })

  it('is required', async () => {
    const form = new FormData()
    form.set('type', 'image')
    const { status, body } = await api.call<ErrorBody>('POST', '/api/media', { raw: form })
    expect(status).toBe(422)
    expect(body.error.issues).toMatchObject([{ path: 'file' }])
  })

  it('is rejected with an unknown form field', async () => {
    const form = new FormData()
    form.set('file', new File([new Uint8Array(PNG)], 'pixel.png'))
    form.set('title', 'typo')
    const { status, body } = await api.call<ErrorBody>('POST', '/api/media', { raw: form })
    expect(status).toBe(422)
    expect(body.error.issues).toMatchObject([{ path: 'title' }])
  })

  it('is rejected as JSON with 415', async () => {
    const { status, body } = await api.call<ErrorBody>('POST', '/api/media', { json: { file: 'x' } })
    expect(status).toBe(415)
    expect(body.error.code).toEqual(expect.any(String))
  })

  it('is rejected with 422, not 500, if its form is malformed', async () => {
    for (const type of ['multipart/form-data', 'multipart/form-data; boundary=x']) {
      const { status, body } = await api.call<ErrorBody>('POST', '/api/media', { raw: '<!--', type })
      expect(status).toBe(422)
      expect(body.error.message).toContain('multipart/form-data')
    }
  })
})
