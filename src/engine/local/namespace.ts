import { Connection } from '@temporalio/client'

const KEYWORD = 2
const ATTRIBUTES = { WechatAppId: KEYWORD, NurtureCampaign: KEYWORD, NurtureState: KEYWORD }
const RETENTION_DAYS = 3
const ALREADY_EXISTS = 6

/**
 * Waits until the engine serves, then makes namespace and search attributes, if they are not there.
 * @throws Error when it does not within `withinMs`
 */
export async function prepareNamespace(address: string, namespace: string, withinMs: number): Promise<void> {
  const until = Date.now() + withinMs
  const connection = Connection.lazy({ address })
  try {
    for (;;) {
      try {
        await connection.withDeadline(Date.now() + 5_000, () => ensure(connection, namespace))
        return
      } catch (err) {
        if (Date.now() > until) throw err
        await new Promise((resolve) => setTimeout(resolve, 100))
      }
    }
  } finally {
    await connection.close()
  }
}

async function ensure(connection: Connection, namespace: string): Promise<void> {
  const retention = { seconds: (RETENTION_DAYS * 86_400) as never }
  await connection.workflowService
    .registerNamespace({ namespace, workflowExecutionRetentionPeriod: retention })
    .catch(unlessThere)
  const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace })
  const missing = Object.entries(ATTRIBUTES).filter(
    ([name]) => !customAttributes || !(name in customAttributes),
  )
  if (missing.length > 0) {
    await connection.operatorService
      .addSearchAttributes({ namespace, searchAttributes: Object.fromEntries(missing) })
      .catch(unlessThere)
  }
  // Ready means that a start with these attributes would be taken.
  await connection.workflowService.describeNamespace({ namespace })
}

function unlessThere(err: unknown): void {
  if ((err as { code?: unknown }).code !== ALREADY_EXISTS) throw err
}
