import type { Hono } from 'hono'
import { registerAccessTokens } from './calls/access/access-tokens.ts'
import { registerNetworkChecks } from './calls/access/network-checks.ts'
import { registerQuota } from './calls/access/quota-calls.ts'
import { registerRequestIds } from './calls/access/request-ids.ts'
import { registerServerAddresses } from './calls/access/server-addresses.ts'
import { registerTickets } from './calls/access/tickets.ts'
import { registerDrafts } from './calls/material/drafts.ts'
import { registerMaterial } from './calls/material/material.ts'
import { registerTemporaryMedia } from './calls/material/temporary-media.ts'
import { registerMenus } from './calls/menus/menus.ts'
import { registerCustomMessages } from './calls/messages/custom-messages.ts'
import { registerCustomerService } from './calls/messages/customer-service.ts'
import { registerQrCodes } from './calls/qrcodes/qrcode-create.ts'
import { registerQrCodePictures } from './calls/qrcodes/qrcode-pictures.ts'
import { registerUserLists } from './calls/users/user-lists.ts'
import { registerUserTags } from './calls/users/user-tags.ts'
import { type ApiContext, createRouter, type Router } from './router.ts'

/** The areas of WeChat's API. Each registers its calls from a file of its own under `calls/`. */
const AREAS: ((router: Router) => void)[] = [
  // Must precede the calls whose failures it records.
  registerRequestIds,
  registerAccessTokens,
  registerCustomMessages,
  registerUserTags,
  registerTemporaryMedia,
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
