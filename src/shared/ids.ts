/** An Official Account's id, `wx…`. */
export type AppId = string & { readonly __brand?: 'AppId' }
/** Whether a text can be an appId at all: what cannot is not looked for in the store. */
export function isAppId(text: string): boolean {
  return /^[\x21-\x7e]{1,64}$/.test(text)
}

/** A follower's id within one Official Account. */
export type OpenId = string & { readonly __brand?: 'OpenId' }

/** Shows enough of a personal id to tell two apart in a log, and no more: `oAbc…wxyz`. */
export function maskId(id: string): string {
  const characters = [...id]
  const part = (from: number, to?: number) => characters.slice(from, to).join('')
  return characters.length <= 8 ? `${part(0, 2)}…` : `${part(0, 4)}…${part(-4)}`
}

/** The id of a follower's workflow in Temporal; other people's scripts build it too (contract, section 7). */
export function workflowIdOf(appId: AppId, openId: OpenId): string {
  return `nurture/${appId}/${openId}`
}

/** Whose run a workflow id names; null for another kind of workflow. */
export function parseWorkflowId(workflowId: string): { appId: AppId; openId: OpenId } | null {
  const [kind, appId, openId] = workflowId.split('/')
  return kind === 'nurture' && appId && openId ? { appId, openId } : null
}
