/** A call of the control API. @throws Error with the API's own reason */
export async function request<T>(path: string, body?: unknown, method = 'POST'): Promise<T> {
  const answer = await fetch(path, {
    method,
    headers: { 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const data = (await answer.json()) as { error?: string }
  if (!answer.ok) throw new RequestError(data.error ?? answer.statusText, answer.status, data)
  // The control API and this script are of one version.
  return data as T
}

/** A refused call. */
export class RequestError extends Error {
  readonly status: number
  readonly data: unknown

  constructor(message: string, status: number, data: unknown) {
    super(message)
    this.status = status
    this.data = data
  }
}
