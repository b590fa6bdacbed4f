/**
 * Why a text is not the address of a web server, or null. `fetch` refuses user name and password.
 * @param options.query whether a query is allowed: not where a path is appended
 */
export function webAddressProblem(text: string, { query = false } = {}): string | null {
  if (!/^https?:\/\/[^\s/?#]+\S*$/i.test(text) || !URL.canParse(text)) {
    return 'must be an address like https://example.com'
  }
  const url = new URL(text)
  if (url.username !== '' || url.password !== '') return 'must have no user name and password in it'
  if (url.port === '0') return 'must have a port from 1 to 65535'
  if (text.includes('#')) return 'must have no # in it'
  return !query && text.includes('?') ? 'must have no ? in it' : null
}

/**
 * Why Temporal's client cannot use this address, or null. The default port is 7233
 * (temporalio/sdk-typescript, packages/common/src/internal-non-workflow/parse-host-uri.ts).
 */
export function hostPortProblem(text: string): string | null {
  const [, port] = /^(?:\[[0-9a-fA-F:.]+\]|[^\s:/?#@,[\]]+)(?::(\d{1,5}))?$/.exec(text) ?? [null, '0']
  const ok = port === undefined || (Number(port) >= 1 && Number(port) <= 65_535)
  return ok ? null : 'must be HOST:PORT without a scheme, like temporal.example.com:7233'
}
