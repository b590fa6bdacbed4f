/** An Official Account's id, `wx…`. */
export type AppId = string & { readonly __brand?: 'AppId' }
/** Whether a text has the form of an appId. Other texts are not looked up in the store. */
export function isAppId(text: string): boolean {
  return /^[\x21-\x7e]{1,64}$/.test(text)
}

/** The id of a follower within one Official Account. */
export type OpenId = string & { readonly __brand?: 'OpenId' }

/** A personal id for the log, `oAbc…wxyz`: enough to distinguish two followers, and no more. */
export function maskId(id: string): string {
  const characters = [...id]
  const part = (from: number, to?: number) => characters.slice(from, to).join('')
  return characters.length <= 8 ? `${part(0, 2)}…` : `${part(0, 4)}…${part(-4)}`
}

/** One follower of one account. */
export interface FollowerKey {
  appId: AppId
  openId: OpenId
}

const WORKFLOW_KIND = 'nurture'

/** The id of a follower's workflow in Temporal. Scripts of operators build it too: docs/contract.md#7-temporal. */
export function workflowIdOf(appId: AppId, openId: OpenId): string {
  return `${WORKFLOW_KIND}/${appId}/${openId}`
}

/** The follower of a workflow id; null for the id of another kind of workflow. */
export function parseWorkflowId(workflowId: string): FollowerKey | null {
  const [kind, appId, ...rest] = workflowId.split('/')
  const openId = rest.join('/')
  return kind === WORKFLOW_KIND && appId && openId ? { appId, openId } : null
}
