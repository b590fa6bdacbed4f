import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { FILE_MAX_CHARS } from '../../campaign/check.ts'
import { id as campaignId } from '../../campaign/field-model.ts'
import { isStorable } from '../../shared/text.ts'
import { type Draft, DraftConflict } from '../../store/campaigns/draft-store.ts'
import { ApiError, notFound, refused } from '../api-error.ts'
import {
  type ApiDeps,
  auditedChange,
  conflictResponse,
  cursor,
  errorResponses,
  jsonResponse,
  listRoute,
  notFoundResponse,
  security,
  toPage,
} from '../routes/route-helpers.ts'
import { draftCheck, draftDetail } from '../schemas/campaign-lifecycle-schemas.ts'
import { campaignParam, draftSummary, published, versionNote } from '../schemas/campaign-schemas.ts'
import { writtenNumber } from '../schemas/common-schemas.ts'
import { draftView } from '../views/campaign-version-view.ts'
import { answerPublished, checkSource, publishSource } from './campaign-files.ts'
import { etag, expectationHeaders, expectedNumber, versionConflict } from './expectations.ts'

const TEXT_TYPE = /^(application\/((x-)?yaml|json)|text\/((x-)?yaml|plain))\b/

/** `/api/drafts`, `/api/campaigns/{id}/draft` and `…/draft/check`, `…/draft/publish` */
export function addDraftRoutes(router: OpenAPIHono, deps: ApiDeps): void {
  listDrafts(router, deps)
  saveDraft(router, deps)
  readDraft(router, deps)
  checkDraft(router, deps)
  publishDraft(router, deps)
  deleteDraft(router, deps)
}

/** `GET /drafts` */
function listDrafts(router: OpenAPIHono, deps: ApiDeps): void {
  router.openapi(listRoute('/drafts', { summary: 'List drafts' }, draftSummary), async (c) => {
    const { cursor: from, limit } = c.req.valid('query')
    const found = await deps.drafts.list({ after: cursor.read(from), limit: limit + 1 })
    const { items, next } = toPage(found, limit, ({ id }) => id)
    return c.json({ items: items.map(draftView), next }, 200)
  })
}

/** `PUT /campaigns/{id}/draft` */
function saveDraft(router: OpenAPIHono, deps: ApiDeps): void {
  router.openAPIRegistry.registerPath({
    method: 'put',
    path: '/campaigns/{id}/draft',
    summary: 'Save a draft',
    description:
      'Saves the text as it is, with comments, however many errors it has. Nobody enters a draft. With `If-Match` and the revision that you have read, the call is refused with 409 when somebody else has saved meanwhile; `If-None-Match: *` expects that there is no draft.',
    security,
    request: {
      params: campaignParam,
      headers: expectationHeaders,
      body: {
        required: true,
        content: { 'application/yaml': { schema: z.string() }, 'application/json': { schema: z.unknown() } },
      },
    },
    responses: {
      200: jsonResponse(draftSummary, 'The saved draft.'),
      201: jsonResponse(draftSummary, 'A new draft.'),
      ...errorResponses,
      ...conflictResponse,
    },
  })
  router.put('/campaigns/:id/draft', async (c) => {
    const id = c.req.param('id')
    if (!TEXT_TYPE.test(c.req.header('content-type') ?? ''))
      throw new ApiError(415, 'unsupported-type', 'Send the file as application/yaml or application/json.')
    const { error } = campaignId.safeParse(id)
    if (error)
      throw refused(
        'The draft cannot be saved.',
        error.issues.map(({ message }) => ({ path: 'id', message })),
      )
    const source = await c.req.text()
    if (source.length > FILE_MAX_CHARS)
      throw refused('The draft cannot be saved.', [{ path: '', message: 'is larger than 256 KiB' }])
    if (!isStorable(source))
      throw refused('The draft cannot be saved.', [{ path: '', message: 'contains a NUL character' }])
    const savedBy: string = c.get('principal').actor
    const expected = expectedNumber(c)
    const draft = await changeDraft(deps, c, id, expected, async ({ drafts }) => {
      const saved = await drafts.save(id, { source, savedBy }, expected)
      return { action: 'draft.save', target: id, details: { revision: saved.revision }, result: saved }
    })
    c.header('etag', etag(draft.revision))
    return c.json(draftView(draft), draft.revision === 1 ? 201 : 200)
  })
}

/** `GET /campaigns/{id}/draft` */
function readDraft(router: OpenAPIHono, deps: ApiDeps): void {
  router.openapi(
    createRoute({
      method: 'get',
      path: '/campaigns/{id}/draft',
      summary: 'Get a draft',
      security,
      request: { params: campaignParam },
      responses: { 200: jsonResponse(draftDetail, 'The draft.'), ...errorResponses, ...notFoundResponse },
    }),
    async (c) => {
      const draft = await requireDraft(deps, c.req.valid('param').id)
      c.header('etag', etag(draft.revision))
      return c.json({ ...draftView(draft), source: draft.source }, 200)
    },
  )
}

/** `GET /campaigns/{id}/draft/check` */
function checkDraft(router: OpenAPIHono, deps: ApiDeps): void {
  router.openapi(
    createRoute({
      method: 'get',
      path: '/campaigns/{id}/draft/check',
      summary: 'Check a draft',
      description: 'The errors that would refuse its publication, and the warnings.',
      security,
      request: { params: campaignParam },
      responses: {
        200: jsonResponse(draftCheck, 'The result, also when there are errors.'),
        ...errorResponses,
        ...notFoundResponse,
      },
    }),
    async (c) => {
      const draft = await requireDraft(deps, c.req.valid('param').id)
      const { campaign, issues, warnings } = await checkSource(deps, draft.source, { pathId: draft.id })
      return c.json({ revision: draft.revision, ok: campaign !== null, issues, warnings }, 200)
    },
  )
}

/** `POST /campaigns/{id}/draft/publish` */
function publishDraft(router: OpenAPIHono, deps: ApiDeps): void {
  router.openapi(
    createRoute({
      method: 'post',
      path: '/campaigns/{id}/draft/publish',
      summary: 'Publish a draft',
      description:
        'As `PUT /campaigns/{id}` with its text. Refused with 409 when a version was published after the draft was begun, unless `If-Match` has the newest version. The draft is deleted.',
      security,
      request: {
        params: campaignParam,
        headers: expectationHeaders,
        query: z.strictObject({
          bodies: z.enum(['running']).optional(),
          note: versionNote,
          revision: writtenNumber(1_000_000_000).optional().openapi({
            description: 'The revision of the draft that was read: 409 when it was saved again meanwhile.',
          }),
        }),
      },
      responses: {
        200: jsonResponse(published, 'A new version, or the unchanged one.'),
        201: jsonResponse(published, 'A new campaign.'),
        ...errorResponses,
        ...notFoundResponse,
        ...conflictResponse,
      },
    }),
    async (c) => {
      const { id } = c.req.valid('param')
      const { bodies, note, revision } = c.req.valid('query')
      const draft = await requireDraft(deps, id)
      if (revision !== undefined && revision !== draft.revision)
        rethrowConflict(id, revision)(new DraftConflict(draft))
      const done = await publishSource(deps, c, {
        source: draft.source,
        pathId: id,
        runningBodies: bodies === 'running',
        note,
        expectedVersion: expectedNumber(c) ?? draft.baseVersion ?? 0,
        // A text that was saved meanwhile must not be lost.
        also: async ({ drafts }) => void (await drafts.remove(id, draft.revision)),
      }).catch(rethrowConflict(id, draft.revision))
      return answerPublished(c, done) as never
    },
  )
}

/** `DELETE /campaigns/{id}/draft` */
function deleteDraft(router: OpenAPIHono, deps: ApiDeps): void {
  router.openapi(
    createRoute({
      method: 'delete',
      path: '/campaigns/{id}/draft',
      summary: 'Delete a draft',
      security,
      request: { params: campaignParam, headers: expectationHeaders },
      responses: {
        204: { description: 'The draft is deleted.' },
        ...errorResponses,
        ...notFoundResponse,
        ...conflictResponse,
      },
    }),
    async (c) => {
      const { id } = c.req.valid('param')
      const expected = expectedNumber(c)
      await changeDraft(deps, c, id, expected, async ({ drafts }) => {
        if (!(await drafts.remove(id, expected))) throw notFound(`draft of campaign ${id}`)
        return { action: 'draft.delete', target: id, result: null }
      })
      return c.body(null, 204)
    },
  )
}

async function requireDraft(deps: Pick<ApiDeps, 'drafts'>, id: string): Promise<Draft> {
  const draft = await deps.drafts.find(id)
  if (!draft) throw notFound(`draft of campaign ${id}`)
  return draft
}

function changeDraft<T>(
  deps: ApiDeps,
  c: Context,
  id: string,
  expected: number | undefined,
  work: Parameters<typeof auditedChange<T>>[2],
): Promise<T> {
  return auditedChange(deps, c, work).catch(rethrowConflict(id, expected ?? 0))
}

/** Turns a conflict of the store into 409 with both revisions. */
function rethrowConflict(id: string, expected: number) {
  return (err: unknown): never => {
    if (!(err instanceof DraftConflict)) throw err
    const { current } = err
    throw versionConflict(`the draft of campaign ${id}`, 'revision', expected, {
      number: current?.revision ?? 0,
      at: current?.savedAt ?? null,
      by: current?.savedBy ?? null,
    })
  }
}
