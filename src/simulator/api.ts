import type { Hono } from 'hono'
import { registerAddresses } from './api/addresses.ts'
import { registerChecks } from './api/checks.ts'
import { registerCodes } from './api/codes.ts'
import { registerCredentials } from './api/credentials.ts'
import { registerCustomerService } from './api/customer-service.ts'
import { registerDrafts } from './api/drafts.ts'
import { registerMaterial } from './api/material.ts'
import { registerMedia } from './api/media.ts'
import { registerMenus } from './api/menus.ts'
import { registerMessages } from './api/messages.ts'
import { registerQrPictures } from './api/qr-pictures.ts'
import { registerQuota } from './api/quota.ts'
import { registerRids } from './api/rids.ts'
import { type ApiWorld, createRouter, type Router } from './api/router.ts'
import { registerTickets } from './api/tickets.ts'
import { registerUserLists } from './api/user-lists.ts'
import { registerUsers } from './api/users.ts'

/** Each area of WeChat's API has a file of its own under `api/`. */
const AREAS: ((router: Router) => void)[] = [
  // Before the calls that it remembers.
  registerRids,
  registerCredentials,
  registerMessages,
  registerUsers,
  registerMedia,
  registerCodes,
  registerMenus,
  registerQuota,
  registerAddresses,
  registerUserLists,
  registerMaterial,
  registerDrafts,
  registerTickets,
  registerChecks,
  registerCustomerService,
  registerQrPictures,
]

/** WeChat's API side: tokens, `custom/send` and what else the product calls, with WeChat's codes and limits. */
export function createApi(world: ApiWorld): Hono {
  const router = createRouter(world)
  for (const register of AREAS) register(router)
  return router.app
}
