/**
 * The expected access rules, written by hand and independent of the product, so that a wrong rule there is found. A registered
 * route without a row fails the suite, and so does a row without a route.
 */

/** The lowest role that may call a route; `anybody`: the route is public. */
export type Needs = 'anybody' | 'viewer' | 'operator' | 'admin'
export interface Route {
  method: string
  /** With `{names}` as in OpenAPI. */
  path: string
  needs: Needs
}

/** Parses lines of the form `METHOD /path needs`. */
function table(text: string): Route[] {
  return text
    .trim()
    .split('\n')
    .map((line) => {
      const [method = '', path = '', needs = ''] = line.trim().split(/\s+/)
      return { method, path, needs: needs as Needs }
    })
}

/** Routes for bearer tokens. A browser session is refused. */
export const API = table(`
  GET    /metrics                                      viewer
  POST   /api/accounts                                 admin
  GET    /api/accounts                                 viewer
  GET    /api/accounts/{appId}                         viewer
  PATCH  /api/accounts/{appId}                         operator
  DELETE /api/accounts/{appId}                         admin
  POST   /api/accounts/{appId}/verify                  operator
  GET    /api/accounts/{appId}/menu                    viewer
  PUT    /api/accounts/{appId}/menu                    operator
  DELETE /api/accounts/{appId}/menu                    operator
  GET    /api/accounts/{appId}/menu/saved              viewer
  POST   /api/accounts/{appId}/menu/saved              operator
  PUT    /api/campaigns/{id}                           operator
  GET    /api/campaigns                                viewer
  POST   /api/campaigns/preview                        operator
  POST   /api/campaigns/dry-run                        operator
  GET    /api/campaigns/{id}                           viewer
  GET    /api/campaigns/{id}/accounts                  viewer
  GET    /api/campaigns/{id}/totals                    viewer
  GET    /api/campaigns/{id}/statistics                viewer
  GET    /api/campaigns/{id}/statistics.csv            viewer
  GET    /api/campaigns/{id}/runs.jsonl                viewer
  DELETE /api/campaigns/{id}                           operator
  POST   /api/campaigns/{id}/pause                     operator
  POST   /api/campaigns/{id}/resume                    operator
  POST   /api/campaigns/{id}/accounts                  operator
  GET    /api/campaigns/{id}/versions                  viewer
  GET    /api/campaigns/{id}/versions/{version}        viewer
  POST   /api/campaigns/{id}/test-send                 operator
  GET    /api/campaigns/{id}/diff                      viewer
  POST   /api/campaigns/{id}/rollback                  operator
  POST   /api/campaigns/{id}/retire                    operator
  POST   /api/campaigns/{id}/restore                   operator
  GET    /api/drafts                                   viewer
  PUT    /api/campaigns/{id}/draft                     operator
  GET    /api/campaigns/{id}/draft                     viewer
  DELETE /api/campaigns/{id}/draft                     operator
  GET    /api/campaigns/{id}/draft/check               viewer
  POST   /api/campaigns/{id}/draft/publish             operator
  GET    /api/temporal                                 viewer
  POST   /api/temporal/accept                          admin
  GET    /api/system                                   viewer
  GET    /api/followers                                viewer
  POST   /api/followers/bulk                           operator
  GET    /api/bulk-jobs                                viewer
  GET    /api/bulk-jobs/{id}                           viewer
  POST   /api/bulk-jobs/{id}/stop                      operator
  GET    /api/followers/{appId}/{openId}               viewer
  POST   /api/followers/{appId}/{openId}/cancel        operator
  POST   /api/followers/{appId}/{openId}/pause         operator
  POST   /api/followers/{appId}/{openId}/resume        operator
  POST   /api/followers/{appId}/{openId}/agent/end     operator
  POST   /api/followers/{appId}/{openId}/erase         operator
  GET    /api/followers/{appId}/{openId}/facts         viewer
  PATCH  /api/followers/{appId}/{openId}/facts         operator
  POST   /api/followers/{appId}/{openId}/enter         operator
  POST   /api/followers/{appId}/{openId}/tags          operator
  GET    /api/webhooks                                 viewer
  GET    /api/webhooks/{name}                          viewer
  PUT    /api/webhooks/{name}                          admin
  DELETE /api/webhooks/{name}                          admin
  POST   /api/webhooks/{name}/secret                   admin
  POST   /api/webhooks/{name}/retry                    operator
  GET    /api/outbox                                   viewer
  POST   /api/outbox/{id}/retry                        operator
  GET    /api/hooks                                    viewer
  GET    /api/hooks/{name}                             viewer
  PUT    /api/hooks/{name}                             admin
  DELETE /api/hooks/{name}                             admin
  POST   /api/hooks/{name}/secret                      admin
  GET    /api/media                                    viewer
  POST   /api/media                                    operator
  GET    /api/media/{id}                               viewer
  GET    /api/qrcodes                                  viewer
  POST   /api/qrcodes                                  operator
  POST   /api/keys/rotate                              admin
  GET    /api/inbox                                    viewer
  POST   /api/users                                    admin
  GET    /api/users                                    admin
  PATCH  /api/users/{name}                             admin
  DELETE /api/users/{name}                             admin
  DELETE /api/users/{name}/second-factor               admin
  POST   /api/tokens                                   admin
  GET    /api/tokens                                   admin
  DELETE /api/tokens/{id}                              admin
  GET    /api/audit                                    admin
`)

/** Calls whose query needs a higher role than their route. */
export const API_QUERIES = table(`
  GET    /api/campaigns/{id}/runs.jsonl?openIds=true   operator
`)

/** Routes for bearer tokens, and for browser sessions from the page of the Temporal Web UI. */
export const CODEC = table(`
  POST   /codec/encode                                 operator
  POST   /codec/decode                                 operator
`)

/** Routes for browser sessions. A bearer token is refused. */
export const CONSOLE = table(`
  GET    /                                             viewer
  GET    /live                                         viewer
  GET    /session                                      viewer
  GET    /accounts                                     viewer
  GET    /accounts/{appId}                             viewer
  POST   /accounts/{appId}/pause                       operator
  POST   /accounts/{appId}/resume                      operator
  POST   /accounts/{appId}/checks                      operator
  POST   /accounts/{appId}/remove                      admin
  GET    /accounts/{appId}/settings                    viewer
  POST   /accounts/{appId}/settings/{form}             operator
  GET    /accounts/new                                 admin
  POST   /accounts/new                                 admin
  GET    /accounts/{appId}/connect                     operator
  GET    /accounts/{appId}/connection                  operator
  GET    /accounts/{appId}/menu                        operator
  POST   /accounts/{appId}/menu                        operator
  POST   /accounts/{appId}/menu/save                   operator
  POST   /accounts/{appId}/menu/remove                 operator
  GET    /media                                        viewer
  POST   /media                                        operator
  GET    /media/{id}/content                           viewer
  GET    /qrcodes                                      viewer
  POST   /qrcodes                                      operator
  GET    /qrcodes/{id}                                 viewer
  GET    /campaigns                                    viewer
  GET    /campaigns/new                                operator
  POST   /campaigns/new                                operator
  POST   /campaigns/import                             operator
  GET    /campaigns/{id}                               viewer
  GET    /campaigns/{id}/statistics.csv                viewer
  GET    /campaigns/{id}/runs.jsonl                    operator
  GET    /campaigns/{id}/edit                          viewer
  POST   /campaigns/{id}/edit/analysis                 viewer
  GET    /campaigns/{id}/edit/figures                  viewer
  GET    /campaigns/{id}/file                          viewer
  POST   /campaigns/{id}/pause                         operator
  POST   /campaigns/{id}/resume                        operator
  POST   /campaigns/{id}/retire                        operator
  POST   /campaigns/{id}/restore                       operator
  POST   /campaigns/{id}/delete-draft                  operator
  GET    /campaigns/{id}/versions                      viewer
  POST   /campaigns/{id}/versions/restore              operator
  POST   /campaigns/{id}/versions/rollback             operator
  GET    /campaigns/{id}/publish                       operator
  GET    /campaigns/{id}/yaml                          operator
  GET    /campaigns/{id}/accounts                      viewer
  POST   /campaigns/{id}/accounts                      operator
  GET    /campaigns/{id}/test                          operator
  POST   /campaigns/{id}/test                          operator
  GET    /campaigns/{id}/dry-run                       operator
  POST   /campaigns/{id}/dry-run                       operator
  POST   /campaigns/{id}/publish                       operator
  GET    /followers                                    viewer
  GET    /followers/question                           viewer
  POST   /followers/bulk                               operator
  GET    /bulk-jobs                                    viewer
  GET    /bulk-jobs/recent                             viewer
  GET    /bulk-jobs/{id}                               viewer
  GET    /bulk-jobs/{id}/result                        viewer
  POST   /bulk-jobs/{id}/stop                          operator
  GET    /followers/{appId}/{openId}                   viewer
  GET    /followers/{appId}/{openId}/run               viewer
  POST   /followers/{appId}/{openId}/pause             operator
  POST   /followers/{appId}/{openId}/resume            operator
  POST   /followers/{appId}/{openId}/end-agent         operator
  POST   /followers/{appId}/{openId}/cancel            operator
  POST   /followers/{appId}/{openId}/enter             operator
  POST   /followers/{appId}/{openId}/tag               operator
  POST   /followers/{appId}/{openId}/erase             operator
  GET    /account/second-factor                        viewer
  POST   /account/second-factor                        viewer
  POST   /account/second-factor/remove                 viewer
  GET    /users                                        admin
  POST   /users                                        admin
  GET    /users/{name}                                 admin
  POST   /users/{name}/role                            admin
  POST   /users/{name}/password                        admin
  POST   /users/{name}/disable                         admin
  POST   /users/{name}/enable                          admin
  POST   /users/{name}/reset-second-factor             admin
  POST   /users/{name}/remove                          admin
  GET    /tokens                                       admin
  POST   /tokens                                       admin
  POST   /tokens/{id}/revoke                           admin
  GET    /audit                                        admin
  GET    /start                                        operator
  GET    /start/steps                                  operator
  POST   /start/skip                                   operator
  GET    /system                                       admin
  GET    /system/state                                 admin
  POST   /system/rotate-keys                           admin
  POST   /system/accept-namespace                      admin
`)

/** Public routes. */
export const PUBLIC = table(`
  GET    /healthz                                      anybody
  GET    /readyz                                       anybody
  GET    /api/openapi.json                             anybody
  GET    /api/campaign.schema.json                     anybody
  GET    /assets/console.css                           anybody
  GET    /assets/icon.svg                              anybody
  GET    /assets/htmx.js                               anybody
  GET    /assets/hx-sse.js                             anybody
  GET    /assets/scripts/console.js                    anybody
  GET    /assets/scripts/accounts.js                   anybody
  GET    /assets/scripts/live.js                       anybody
  GET    /assets/scripts/editor.js                     anybody
  GET    /assets/scripts/yaml-editor.js                anybody
  GET    /assets/scripts/followers.js                  anybody
  GET    /signin                                       anybody
  POST   /signin                                       anybody
  GET    /signin/second-factor                         anybody
  POST   /signin/second-factor                         anybody
  POST   /signout                                      anybody
  POST   /preferences                                  anybody
  GET    /{name}.txt                                   anybody
  POST   /hooks/{name}                                 anybody
  GET    /l/{token}                                    anybody
  POST   /wechat/component                             anybody
  GET    /wechat/component/authorize                   anybody
  GET    /wechat/component/authorized                  anybody
  GET    /wechat/{appId}                               anybody
  POST   /wechat/{appId}                               anybody
`)

/** Routes of a worker's port. */
export const WORKER = table(`
  GET    /healthz                                      anybody
  GET    /readyz                                       anybody
  GET    /metrics                                      viewer
`)

/** Middleware that is registered for every method: guards, limits and headers, and the responses for unknown paths. */
export const LAYERS = [
  '/*',
  '/api/*',
  '/codec/*',
  '/console/api/*',
  '/wechat',
  '/wechat/*',
  '/wechat/{appId}',
]
/** The guards of pages for admins, and of pages for users. */
export const PAGE_GUARDS = ['/account/second-factor/*']
