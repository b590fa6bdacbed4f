/**
 * Permission sets (权限集) that allow customer-service messages: an authorised account must grant one of them. 1 is 消息管理.
 * Source: the page of custom/send, 第三方调用, 权限集.
 */
const MAY_SEND: ReadonlySet<number> = new Set([1, 6, 19, 100, 101])

/** True when the permission sets that an account granted allow messages. */
export function allowsMessages(permissions: readonly number[]): boolean {
  return permissions.some((id) => MAY_SEND.has(id))
}
