/**
 * Who may call what, as this suite believes it: written by hand and not taken from the product, so that a slip there shows.
 * A route that is registered and does not stand here fails the suite, and so does a row without its route.
 */

/** The least role that a route needs at its door; `anybody`: it is public. */
export type Needs = 'anybody' | 'viewer' | 'operator' | 'admin'
export interface Route {
  method: string
  /** With `{names}`, as OpenAPI has them. */
  path: string
  needs: Needs
}

/** Reads lines of `METHOD /path needs`. */
function table(text: string): Route[] {
  return text
    .trim()
    .split('\n')
    .map((line) => {
      const [method = '', path = '', needs = ''] = line.trim().split(/\s+/)
      return { method, path, needs: needs as Needs }
    })
}

/** For bearers of a token. A browser's session opens none of them. */
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
  PUT    /api/campaigns/{id}                           operator
  GET    /api/campaigns                                viewer
  POST   /api/campaigns/preview                        operator
  GET    /api/campaigns/{id}                           viewer
  GET    /api/campaigns/{id}/accounts                  viewer
  DELETE /api/campaigns/{id}                           operator
  POST   /api/campaigns/{id}/pause                     operator
  POST   /api/campaigns/{id}/resume                    operator
  GET    /api/temporal                                 viewer
  POST   /api/temporal/accept                          admin
  GET    /api/followers                                viewer
  GET    /api/followers/{appId}/{openId}               viewer
  POST   /api/followers/{appId}/{openId}/cancel        operator
  POST   /api/followers/{appId}/{openId}/pause         operator
  POST   /api/followers/{appId}/{openId}/resume        operator
  POST   /api/followers/{appId}/{openId}/agent/end     operator
  POST   /api/followers/{appId}/{openId}/erase         operator
  POST   /api/media                                    operator
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

/** For bearers, and from the Temporal Web UI's page for the sessions of its browser. */
export const CODEC = table(`
  POST   /codec/encode                                 operator
  POST   /codec/decode                                 operator
`)

/** For browsers that are signed in. A token opens none of them. */
export const CONSOLE = table(`
  GET    /                                             viewer
  GET    /campaigns                                    viewer
  GET    /campaigns/{id}                               viewer
  GET    /followers                                    viewer
  GET    /followers/{appId}/{openId}                   viewer
  GET    /followers/{appId}/{openId}/run               viewer
  GET    /account/second-factor                        viewer
  POST   /account/second-factor                        viewer
  POST   /account/second-factor/remove                 viewer
  GET    /users                                        admin
  GET    /tokens                                       admin
  GET    /audit                                        admin
`)

/** For everybody who reaches the port. */
export const PUBLIC = table(`
  GET    /healthz                                      anybody
  GET    /readyz                                       anybody
  GET    /api/openapi.json                             anybody
  GET    /api/campaign.schema.json                     anybody
  GET    /assets/console.css                           anybody
  GET    /assets/icon.svg                              anybody
  GET    /assets/htmx.js                               anybody
  GET    /signin                                       anybody
  POST   /signin                                       anybody
  GET    /signin/second-factor                         anybody
  POST   /signin/second-factor                         anybody
  POST   /signout                                      anybody
  GET    /{name}.txt                                   anybody
  POST   /wechat/component                             anybody
  GET    /wechat/component/authorize                   anybody
  GET    /wechat/component/authorized                  anybody
  GET    /wechat/{appId}                               anybody
  POST   /wechat/{appId}                               anybody
`)

/** A worker's own port. */
export const WORKER = table(`
  GET    /healthz                                      anybody
  GET    /readyz                                       anybody
  GET    /metrics                                      viewer
`)

/** What is registered for every method: guards, bounds and headers that stand before routes, and the answers to nothing. */
export const LAYERS = ['/*', '/api/*', '/codec/*', '/wechat', '/wechat/*', '/wechat/{appId}']
/** The guards of the pages for admins, and of those that are for people. */
export const PAGE_GUARDS = ['/users', '/tokens', '/audit', '/account/second-factor/*']
