import { randomBytes } from 'node:crypto'
import type { Context } from 'hono'
import { z } from 'zod'
import { fileAnswer } from '../../../callbacks/media-samples.ts'
import type { SimAccountState } from '../../../state/model.ts'
import type { StoredMaterial } from '../../../state/records.ts'
import { type Answer, failed, parseObject, textOrNull } from '../../fault-responses.ts'
import type { Call, Router } from '../../router.ts'
import { checkUpload, isPngOrJpeg } from '../../upload-rules.ts'
import { done, withBody } from '../../with-body.ts'

const PICTURE_MAX = 1_048_576
const PAGE_MAX = 20
const mediaId = z.object({ media_id: z.string() })
const description = z.object({ title: z.string(), introduction: z.string().default('') })

/**
 * 素材管理: temporary media, permanent material, and images for articles. A download returns the uploaded bytes. Files live
 * as long as this process.
 * Sources: https://developers.weixin.qq.com/doc/offiaccount/Asset_Management/Get_temporary_materials.html ,
 * …/Adding_Permanent_Assets.html , …/Getting_Permanent_Assets.html , …/Deleting_Permanent_Assets.html ,
 * …/Get_the_total_of_all_materials.html , …/Get_materials_list.html
 */
export function registerMaterial({ route, wechat }: Router): void {
  const nowS = () => Math.floor(wechat.now() / 1000)
  route('GET', '/cgi-bin/media/get', ({ c, account }) => {
    const id = c.req.query('media_id') ?? ''
    const found = account.media.get(id)
    if (!found?.content || found.expiresAt < wechat.now()) return failed(40007)
    return found.type === 'video' ? { video_url: downloadUrl(c, id) } : fileAnswer(found)
  })
  route('POST', '/cgi-bin/media/uploadimg', (call) => uploadPicture(call), { body: 'form' })
  route('POST', '/cgi-bin/material/add_material', (call) => addMaterial(call, nowS()), { body: 'form' })
  // Drafts have replaced article material. Source: reports of 45106 for add_news since then.
  route('POST', '/cgi-bin/material/add_news', () => failed(45106))
  route('POST', '/cgi-bin/material/update_news', () => failed(45106))
  route(
    'POST',
    '/cgi-bin/material/get_material',
    withBody(mediaId, (body, { c, account }) => {
      const found = account.records.materials.find((m) => m.id === body.media_id)
      if (!found) return failed(40007)
      const { title, introduction } = found
      if (found.type !== 'video') return fileAnswer({ ...found, expiresAt: Number.POSITIVE_INFINITY })
      return { title, description: introduction, down_url: downloadUrl(c, found.id) }
    }),
  )
  route(
    'POST',
    '/cgi-bin/material/del_material',
    withBody(mediaId, (body, { account }) => {
      const { materials } = account.records
      const rest = materials.filter((m) => m.id !== body.media_id)
      if (rest.length === materials.length) return failed(40007)
      account.records.materials = rest
      account.media.delete(body.media_id)
      return done()
    }),
  )
  route('GET', '/cgi-bin/material/get_materialcount', ({ account }) => {
    const count = (type: string) => ofType(account, type).length
    return {
      voice_count: count('voice'),
      video_count: count('video'),
      image_count: count('image'),
      news_count: 0,
    }
  })
  const list = z.object({
    type: z.enum(['image', 'video', 'voice', 'news']),
    offset: z.int().min(0),
    count: z.int().min(1).max(PAGE_MAX),
  })
  route(
    'POST',
    '/cgi-bin/material/batchget_material',
    withBody(
      list,
      ({ type, offset, count }, { account }) => materialPage(ofType(account, type), offset, count),
      40035,
    ),
  )
}

/** Material of one type, newest first. The lists have no type for thumbs, so a thumb counts as an image (inferred). */
function ofType(account: SimAccountState, type: string): StoredMaterial[] {
  return account.records.materials
    .filter((m) => (m.type === 'thumb' ? 'image' : m.type) === type)
    .toReversed()
}

function materialPage(all: StoredMaterial[], offset: number, count: number): Answer {
  const item = all.slice(offset, offset + count).map(({ id, name, updatedAt, url }) => ({
    media_id: id,
    name,
    update_time: updatedAt,
    url,
  }))
  return { total_count: all.length, item_count: item.length, item }
}

async function addMaterial({ c, account }: Call, now: number): Promise<Answer> {
  const form = await c.req.parseBody()
  // SDKs put `type` and `description` into the query or the form. silenceper/wechat gives the description's part a file
  // name (util/http.go, `PostMultipartForm`).
  const parameter = async (name: string) => {
    const part = form[name]
    return c.req.query(name) ?? (part instanceof File ? await part.text() : textOrNull(part)) ?? ''
  }
  const type = await parameter('type')
  const file = form.media
  if (!(file instanceof File)) return failed(41005)
  const content = new Uint8Array(await file.arrayBuffer())
  const code = checkUpload(type, file.name, content)
  if (code !== 0) return failed(code)
  const videoDescription =
    type === 'video' ? description.safeParse(parseObject(await parameter('description'))) : null
  if (videoDescription && !videoDescription.success) return failed(47001)
  // `custom/send` accepts ids of this form as permanent material.
  const id = `permanent_${randomBytes(24).toString('base64url')}`
  const url = type === 'image' || type === 'thumb' ? storePicture({ c, account }, content, file) : ''
  account.records.materials.push({
    id,
    type,
    name: file.name,
    fileName: file.name,
    contentType: file.type || 'application/octet-stream',
    content,
    updatedAt: now,
    url,
    ...(videoDescription ? videoDescription.data : {}),
  })
  // The target of the video's `down_url`.
  if (type === 'video')
    account.media.set(id, { type, expiresAt: Number.POSITIVE_INFINITY, content, contentType: file.type })
  return type === 'image' || type === 'thumb' ? { media_id: id, url, item: [] } : { media_id: id, item: [] }
}

/** `media/uploadimg`: a JPG or PNG up to 1 MB, which is not stored as material. */
async function uploadPicture({ c, account }: Call): Promise<Answer> {
  const file = (await c.req.parseBody()).media
  if (!(file instanceof File)) return failed(41005)
  if (file.size > PICTURE_MAX) return failed(40009)
  const content = new Uint8Array(await file.arrayBuffer())
  if (!isPngOrJpeg(content)) return failed(40005)
  return { url: storePicture({ c, account }, content, file) }
}

/** Stores an image and returns its URL: at the simulator, where WeChat's are at mmbiz.qpic.cn. */
function storePicture(
  { c, account }: Pick<Call, 'c' | 'account'>,
  content: Uint8Array,
  { name: fileName, type: contentType }: File,
): string {
  const key = randomBytes(18).toString('base64url')
  account.media.set(key, {
    type: 'picture',
    expiresAt: Number.POSITIVE_INFINITY,
    content,
    fileName,
    contentType,
  })
  return downloadUrl(c, key)
}

function downloadUrl(c: Context, key: string): string {
  return `${new URL(c.req.url).origin}/_sim/media/${key}`
}
