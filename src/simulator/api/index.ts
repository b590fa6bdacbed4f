import type { Hono } from 'hono'
import { registerCredentials } from './calls/credentials.ts'
import { registerCustomerService } from './calls/customer-service.ts'
import { registerDrafts } from './calls/drafts.ts'
import { registerMaterial } from './calls/material.ts'
import { registerMedia } from './calls/media.ts'
import { registerMenus } from './calls/menus.ts'
import { registerMessages } from './calls/messages.ts'
import { registerNetworkChecks } from './calls/network-checks.ts'
import { registerQrCodePictures } from './calls/qrcode-pictures.ts'
import { registerQrCodes } from './calls/qrcodes.ts'
import { registerQuota } from './calls/quota-calls.ts'
import { registerServerAddresses } from './calls/server-addresses.ts'
import { registerTickets } from './calls/tickets.ts'
import { registerUserLists } from './calls/user-lists.ts'
import { registerUsers } from './calls/users.ts'
import { registerRequestIds } from './request-ids.ts'
import { type ApiContext, createRouter, type Router } from './router.ts'

/** The areas of WeChat's API. Each registers its calls from a file of its own under `api/`. */
const AREAS: ((router: Router) => void)[] = [
  // Must precede the calls whose failures it records.
  registerRequestIds,
  registerCredentials,
  registerMessages,
  registerUsers,
  registerMedia,
  registerQrCodes,
  registerMenus,
  registerQuota,
  registerServerAddresses,
  registerUserLists,
  registerMaterial,
  registerDrafts,
  registerTickets,
  registerNetworkChecks,
  registerCustomerService,
  registerQrCodePictures,
]

/** WeChat's API: tokens, `custom/send` and the other calls, with WeChat's codes and limits. */
export function createApi(wechat: ApiContext): Hono {
  const router = createRouter(wechat)
  for (const register of AREAS) register(router)
  return router.app
}
