import type { OpenAPIHono } from '@hono/zod-openapi'
import { z } from '@hono/zod-openapi'
import type { MiddlewareHandler } from 'hono'
import { saveMedium } from '../../store/campaigns/media-store.ts'
import { readMedium } from '../../store/campaigns/media-uploads.ts'
import { checkMedia } from '../../wechat/rules/media-limits.ts'
import { ApiError, notFound, refused } from '../api-error.ts'
import { listedMedium, medium } from '../schemas/wechat-schemas.ts'
import { mediaPage } from '../views/media-view.ts'
import {
  type ApiDeps,
  auditedChange,
  createRouter,
  errorResponses,
  jsonResponse,
  listRoute,
  notFoundResponse,
  security,
} from './route-helpers.ts'

const MEDIUM_ID = /^sha256-[0-9a-f]{64}$/
const mediaType = z.enum(['image', 'voice', 'video', 'thumb']).optional()

/** `/api/media` */
export function createMediaRoutes(deps: ApiDeps): OpenAPIHono {
  const app = createRouter()
  app.openAPIRegistry.registerPath({
    method: 'post',
    path: '/media',
    summary: 'Upload a medium',
    description: "The file is checked against WeChat's limits. Its id is the hash of its content.",
    security,
    request: {
      body: {
        required: true,
        content: {
          'multipart/form-data': {
            schema: z.object({ file: z.string().openapi({ format: 'binary' }), type: mediaType }),
          },
        },
      },
    },
    responses: { 201: jsonResponse(medium, 'The stored medium.'), ...errorResponses },
  })
  app.post('/media', requireMultipart, async (c) => {
    const form = await c.req.parseBody().catch(() => {
      throw refused('The body is not valid multipart/form-data.')
    })
    const file = Object.values(form).find((v): v is File => v instanceof File)
    if (!file) throw refused('The form has no file.', [{ path: 'file', message: 'is missing' }])
    const unknown = Object.keys(form).filter((key) => key !== 'type' && form[key] !== file)
    if (unknown.length > 0) {
      const issues = unknown.map((path) => ({ path, message: `unknown field "${path}"` }))
      throw refused('The request has invalid fields.', issues)
    }
    const declared = mediaType.safeParse(form.type)
    if (!declared.success)
      throw refused('The type is unknown.', [
        { path: 'type', message: 'must be image, voice, video or thumb' },
      ])
    const content = Buffer.from(await file.arrayBuffer())
    const checked = checkMedia(content, declared.data)
    if (!checked.ok)
      throw refused('WeChat does not accept this medium.', [{ path: 'file', message: checked.message }])
    const { type, contentType } = checked.media
    const medium = { type, contentType, filename: file.name, content, createdAt: deps.now() }
    const saved = await auditedChange(deps, c, async ({ tx }) => {
      const result = await saveMedium(tx, medium)
      return { action: 'media.upload', target: result.id, result }
    })
    return c.json(saved, 201)
  })
  listLibrary(app, deps)
  downloadMedium(app, deps)
  return app
}

/** `GET /media` */
function listLibrary(app: OpenAPIHono, deps: ApiDeps): void {
  const about = { summary: 'List the media', description: 'Newest first, without their content.' }
  app.openapi(listRoute('/media', about, listedMedium), async (c) => {
    const { cursor: from, limit } = c.req.valid('query')
    return c.json(await mediaPage(deps, from, limit), 200)
  })
}

/** `GET /media/{id}` */
function downloadMedium(app: OpenAPIHono, { db }: ApiDeps): void {
  app.openAPIRegistry.registerPath({
    method: 'get',
    path: '/media/{id}',
    summary: 'Download a medium',
    security,
    request: { params: z.object({ id: z.string() }) },
    responses: {
      200: {
        description: 'The file.',
        content: { 'application/octet-stream': { schema: z.string().openapi({ format: 'binary' }) } },
      },
      ...errorResponses,
      ...notFoundResponse,
    },
  })
  app.get('/media/:id', async (c) => {
    const { id } = c.req.param()
    const found = MEDIUM_ID.test(id) ? await readMedium(db, id) : null
    if (!found) throw notFound(`medium ${id}`)
    return c.body(Buffer.from(found.content, 'base64'), 200, {
      'content-type': found.contentType,
      // It is a file of an operator, and no page of this origin.
      'content-disposition': 'attachment',
      'x-content-type-options': 'nosniff',
    })
  })
}

const requireMultipart: MiddlewareHandler = async (c, next) => {
  if (/^multipart\/form-data/i.test(c.req.header('content-type') ?? '')) return next()
  throw new ApiError(415, 'unsupported-type', 'Send the medium as multipart/form-data, in the field "file".')
}
