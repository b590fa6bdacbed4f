/** A request that anybody can send to a public route. The attack suite measures its cost, the load benchmark sends bursts of it. */
export interface Request {
  method: string
  path: string
  headers?: Record<string, string>
  body?: string
}

export const form = (body: string): Request => ({
  method: 'POST',
  path: '/signin',
  headers: { 'content-type': 'application/x-www-form-urlencoded' },
  body,
})

export const callback = (appId: string, query: string, body: string): Request => ({
  method: 'POST',
  path: `/wechat/${appId}?${query}`,
  headers: { 'content-type': 'text/xml' },
  body,
})

/** A query with wrong signatures and a current timestamp. */
export const wrongSignatures = (more = '&encrypt_type=aes'): string =>
  `signature=${'0'.repeat(40)}&timestamp=${Math.floor(Date.now() / 1000)}&nonce=1${more}&msg_signature=${'0'.repeat(40)}`
export const encryptedBody = (text: string): string =>
  `<xml><ToUserName>gh_x</ToUserName><Encrypt>${text}</Encrypt></xml>`

/** A request to a hook with a wrong signature of the right form. */
export const signedHook = (name: string, body: string): Request => ({
  method: 'POST',
  path: `/hooks/${name}`,
  headers: { 'nurture-signature': `t=${Math.floor(Date.now() / 1000)},v1=${'0'.repeat(64)}` },
  body,
})
const WECHAT_BROWSER = { 'user-agent': 'Mozilla/5.0 (iPhone) MicroMessenger/8.0.50' }

const get =
  (path: string, headers: Record<string, string> = {}) =>
  (): Request => ({ method: 'GET', path, headers })
const BIG = 'x'.repeat(60_000)
const NOTHING = 'nothing-of-that-name'

/** The reference for costs: a callback of ordinary length with a wrong signature. */
export const refusedCallback = (appId: string): Request =>
  callback(appId, wrongSignatures(), encryptedBody('QUJD'.repeat(250)))

/** Request factories by route and content. */
export function anonymousRequests(appId: string): Record<string, () => Request> {
  const visit = `/wechat/component/authorized?auth_code=${NOTHING}&state=`
  return {
    'GET /healthz': get('/healthz'),
    'GET /readyz': get('/readyz'),
    'GET /api/openapi.json': get('/api/openapi.json'),
    'GET /api/campaign.schema.json': get('/api/campaign.schema.json'),
    'GET /assets/htmx.js': get('/assets/htmx.js'),
    'GET /signin': get('/signin'),
    'GET /signin?token= (wrong)': get('/signin?token=test-wrong'),
    'POST /signin (wrong password)': () => form('name=nobody&password=wrong-wrong-wrong'),
    'POST /signout (wrong session)': () => ({
      method: 'POST',
      path: '/signout',
      headers: { cookie: 'nurture_session=x' },
    }),
    'GET / (no session)': get('/'),
    'GET / (made-up session)': get('/', { cookie: `nurture_session=${'A'.repeat(43)}.${'0'.repeat(32)}` }),
    'GET / (wrong session)': get('/', { cookie: 'nurture_session=x' }),
    'GET /MP_verify_….txt (none)': get('/MP_verify_x.txt'),
    'GET /api/accounts (wrong token)': get('/api/accounts', { authorization: 'Bearer fnt_x' }),
    'POST /api/accounts (60 KB, no token)': () => ({ method: 'POST', path: '/api/accounts', body: BIG }),
    'POST /codec/decode (60 KB, no token)': () => ({ method: 'POST', path: '/codec/decode', body: BIG }),
    'POST /hooks/… (no signature)': () => ({ method: 'POST', path: '/hooks/attacked', body: BIG }),
    'POST /hooks/… (unknown)': () => signedHook(`h${Math.random().toString(36).slice(2)}`, '{}'),
    'POST /hooks/… (wrong signature, 60 KB)': () => signedHook('attacked', BIG),
    'GET /l/… (unknown)': () => ({
      method: 'GET',
      path: `/l/${Math.random().toString(36).slice(2).padEnd(22, 'A').slice(0, 22)}`,
    }),
    'GET /l/… (known)': get('/l/AttackAttackAttackAtta', WECHAT_BROWSER),
    'GET /wechat/APPID (wrong signature)': () => ({
      method: 'GET',
      path: `/wechat/${appId}?echostr=1&${wrongSignatures()}`,
    }),
    'POST /wechat/APPID (wrong signature)': () => refusedCallback(appId),
    'POST /wechat/APPID (wrong signature, 60 KB)': () =>
      callback(appId, wrongSignatures(), encryptedBody(BIG)),
    'POST /wechat/… (unknown)': () =>
      callback(`wx${Math.random().toString(36).slice(2, 14)}`, wrongSignatures(), encryptedBody('x')),
    'POST /wechat/component (wrong signature)': () =>
      callback('component', wrongSignatures(), encryptedBody('QUJD'.repeat(250))),
    'GET /wechat/component/authorize': get('/wechat/component/authorize'),
    'GET /wechat/component/authorized (no visit)': get(`${visit}${NOTHING}`),
  }
}
