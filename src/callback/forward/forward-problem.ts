import { privateHostProblem } from '../../shared/network/public-only-connector.ts'

/** Tells an operator how to forward to a private address. */
export const HOW_TO_ALLOW = 'set FORWARD_PRIVATE=on to allow it'

/** Why events may not be forwarded to this URL, as far as that is known without a DNS query; null when they may. */
export function forwardProblem(url: string, allowPrivate: boolean): string | null {
  const problem = allowPrivate ? null : privateHostProblem(url)
  return problem && `${problem}: ${HOW_TO_ALLOW}`
}
