import type { Hono } from 'hono'
import { registerAddresses } from './api/addresses.ts'
import { registerCodes } from './api/codes.ts'
import { registerCredentials } from './api/credentials.ts'
import { registerMedia } from './api/media.ts'
import { registerMenus } from './api/menus.ts'
import { registerMessages } from './api/messages.ts'
import { registerQuota } from './api/quota.ts'
import { type ApiWorld, createRouter, type Router } from './api/router.ts'
import { registerUsers } from './api/users.ts'

/** Each area of WeChat's API has a file of its own under `api/`. */
const AREAS: ((router: Router) => void)[] = [
  registerCredentials,
  registerMessages,
  registerUsers,
  registerMedia,
  registerCodes,
  registerMenus,
  registerQuota,
  registerAddresses,
]

/** WeChat's API side: tokens, `custom/send` and what else the product calls, with WeChat's codes and limits. */
export function createApi(world: ApiWorld): Hono {
  const router = createRouter(world)
  for (const register of AREAS) register(router)
  return router.app
}
