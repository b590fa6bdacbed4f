import { BlockList, isIPv6 } from 'node:net'
import { z } from 'zod'
import { readAllYaml } from '../../scripts/cluster/load-compose.ts'

/** What a policy tells pods apart by. */
export interface Pod {
  namespace: string
  labels: Record<string, string>
}

const selector = z.strictObject({
  matchLabels: z.record(z.string(), z.string()).default({}),
  matchExpressions: z
    .array(z.strictObject({ key: z.string(), operator: z.literal('In'), values: z.array(z.string()) }))
    .default([]),
})
const peer = z.strictObject({
  podSelector: selector.optional(),
  namespaceSelector: selector.optional(),
  ipBlock: z.strictObject({ cidr: z.string(), except: z.array(z.string()).default([]) }).optional(),
})
const ports = z.array(z.strictObject({ protocol: z.enum(['TCP', 'UDP']), port: z.number() })).optional()
const policy = z.strictObject({
  apiVersion: z.literal('networking.k8s.io/v1'),
  kind: z.literal('NetworkPolicy'),
  metadata: z.strictObject({ name: z.string() }),
  spec: z.strictObject({
    podSelector: selector,
    policyTypes: z.array(z.enum(['Ingress', 'Egress'])),
    ingress: z.array(z.strictObject({ from: z.array(peer), ports })).default([]),
    egress: z.array(z.strictObject({ to: z.array(peer), ports })).default([]),
  }),
})
type Selector = z.output<typeof selector>
type Peer = z.output<typeof peer>

/**
 * Decides as a cluster would (kubernetes.io/docs/concepts/services-networking/network-policies): a pod that a policy of a
 * direction selects is isolated in it, and what any policy allows is allowed. Both ends must allow a connection.
 */
export function network(files: { namespace: string; file: string }[]) {
  const policies = files.flatMap(({ namespace, file }) =>
    readAllYaml(file)
      .filter((o) => z.looseObject({ kind: z.string() }).parse(o).kind === 'NetworkPolicy')
      .map((o) => ({ namespace, ...policy.parse(o).spec })),
  )
  const of = (pod: Pod, type: 'Ingress' | 'Egress') =>
    policies.filter(
      (p) =>
        p.namespace === pod.namespace && p.policyTypes.includes(type) && matches(p.podSelector, pod.labels),
    )

  return {
    /** Over TCP, or as a question for a name over UDP. `to`: a pod, or an address outside. */
    reaches(from: Pod, to: Pod | string, port: number): boolean {
      const isOpen = (allowed: z.output<typeof ports>) => allowed?.some((p) => p.port === port) ?? true
      const out = of(from, 'Egress')
      const mayLeave =
        out.length === 0 ||
        out.some((p) => p.egress.some((r) => isOpen(r.ports) && r.to.some((t) => isPeer(t, to, p.namespace))))
      if (!mayLeave || typeof to === 'string') return mayLeave
      const into = of(to, 'Ingress')
      return (
        into.length === 0 ||
        into.some((p) =>
          p.ingress.some((r) => isOpen(r.ports) && r.from.some((f) => isPeer(f, from, p.namespace))),
        )
      )
    },
  }
}

function isPeer(
  { podSelector, namespaceSelector, ipBlock }: Peer,
  other: Pod | string,
  own: string,
): boolean {
  if (typeof other === 'string') return ipBlock !== undefined && isIn(ipBlock, other)
  if (ipBlock) return false
  const isThere = namespaceSelector
    ? matches(namespaceSelector, { 'kubernetes.io/metadata.name': other.namespace })
    : other.namespace === own
  return isThere && (podSelector === undefined || matches(podSelector, other.labels))
}

function matches({ matchLabels, matchExpressions }: Selector, labels: Record<string, string>): boolean {
  return (
    Object.entries(matchLabels).every(([name, value]) => labels[name] === value) &&
    matchExpressions.every(({ key, values }) => values.includes(labels[key] ?? ''))
  )
}

function isIn({ cidr, except }: { cidr: string; except: string[] }, address: string): boolean {
  const family = (text: string) => (isIPv6(text) ? 'ipv6' : 'ipv4')
  const holds = (network: string) => {
    const [base = '', bits] = network.split('/')
    if (family(base) !== family(address)) return false
    const list = new BlockList()
    list.addSubnet(base, Number(bits), family(base))
    return list.check(address, family(address))
  }
  return holds(cidr) && !except.some(holds)
}
