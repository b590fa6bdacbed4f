/**
 * Permission sets (权限集) of which an authorised account must have given one before customer-service messages may be
 * sent for it; 1 is 消息管理. Source: custom/send, 第三方调用, 权限集.
 */
const MAY_SEND: ReadonlySet<number> = new Set([1, 6, 19, 100, 101])

export function allowsMessages(permissions: readonly number[]): boolean {
  return permissions.some((id) => MAY_SEND.has(id))
}
