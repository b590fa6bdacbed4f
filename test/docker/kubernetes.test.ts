import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { readAllYaml, readDeployFile, readYaml } from '../../scripts/cluster/load-compose.ts'
import { loadConfig } from '../../src/config/config.ts'
import { ACTIVITY_QUEUE, NURTURE_QUEUE } from '../../workflows/names.ts'
import { network, type Pod } from './network-policies.ts'

const object = z.looseObject({ kind: z.string(), metadata: z.looseObject({ name: z.string() }) })
const probe = z.object({ httpGet: z.object({ path: z.string(), port: z.string() }) }).loose()
/** The rules of the Pod Security Standard `restricted` (kubernetes.io/docs/concepts/security/pod-security-standards). */
const restrictedPod = z.looseObject({
  hostNetwork: z.undefined().optional(),
  hostPID: z.undefined().optional(),
  hostIPC: z.undefined().optional(),
  automountServiceAccountToken: z.literal(false),
  securityContext: z.looseObject({
    runAsNonRoot: z.literal(true),
    runAsUser: z.number().min(1),
    seccompProfile: z.strictObject({ type: z.literal('RuntimeDefault') }),
  }),
  volumes: z.array(
    z.union([
      z.strictObject({ name: z.string(), secret: z.unknown() }),
      z.strictObject({ name: z.string(), emptyDir: z.unknown() }),
    ]),
  ),
  containers: z
    .array(
      z.looseObject({
        image: z.string().regex(/:\d+\.\d+\.\d+$/),
        resources: z.object({
          requests: z.object({ cpu: z.string(), memory: z.string() }),
          limits: z.object({ memory: z.string() }),
        }),
        securityContext: z.strictObject({
          allowPrivilegeEscalation: z.literal(false),
          readOnlyRootFilesystem: z.literal(true),
          capabilities: z.strictObject({ drop: z.tuple([z.literal('ALL')]) }),
        }),
      }),
    )
    .min(1),
})

const deployment = z.object({
  spec: z.looseObject({
    replicas: z.number(),
    template: z.looseObject({
      spec: z.looseObject({
        containers: z.array(
          z.looseObject({
            command: z.array(z.string()),
            ports: z.array(z.object({ name: z.string(), containerPort: z.number() })),
            livenessProbe: probe,
            readinessProbe: probe,
            startupProbe: probe,
            securityContext: z.looseObject({ readOnlyRootFilesystem: z.literal(true) }),
          }),
        ),
      }),
    }),
  }),
})

describe('on Kubernetes', () => {
  const objects = readAllYaml('kubernetes/nurture.yaml').map((o) => object.parse(o))
  const find = (kind: string, name: string) => {
    const found = objects.find((o) => o.kind === kind && o.metadata.name === name)
    if (!found) throw new Error(`no ${kind} ${name}`)
    return found
  }

  it.each([
    { role: 'serve', port: loadConfig({}).port },
    { role: 'worker', port: loadConfig({}).workerPort },
  ])('$role runs twice, and its probes use its port', ({ role, port }) => {
    const { spec } = deployment.parse(find('Deployment', `nurture-${role}`))
    const [container] = spec.template.spec.containers
    expect(spec.replicas).toBe(2)
    expect(container?.command).toEqual(['node', 'scripts/run.mjs', `src/${role}.ts`])
    expect(container?.ports).toEqual([{ name: 'http', containerPort: port }])
    expect(container?.livenessProbe.httpGet).toEqual({ path: '/healthz', port: 'http' })
    expect(container?.readinessProbe.httpGet).toEqual({ path: '/readyz', port: 'http' })
    expect(find('Service', `nurture-${role}`)).toMatchObject({ spec: { ports: [{ port }] } })
  })

  it.each(['serve', 'worker'])('%s complies with the Pod Security Standard `restricted`', (role) => {
    const { spec } = deployment.parse(find('Deployment', `nurture-${role}`))
    expect(restrictedPod.safeParse(spec.template.spec).error?.issues ?? []).toEqual([])
  })

  it('the programs accept the settings', () => {
    const { data } = z
      .object({ data: z.record(z.string(), z.string()) })
      .parse(find('ConfigMap', 'nurture-settings'))
    const trusted = data.TRUSTED_PROXIES?.split(',') ?? []
    const plain = Object.fromEntries(Object.entries(data).filter(([name]) => !name.endsWith('_FILE')))
    expect(loadConfig(plain)).toMatchObject({
      publicUrl: data.PUBLIC_URL,
      trustedProxies: trusted,
      temporal: { address: data.TEMPORAL_ADDRESS, namespace: 'nurture', uiUrl: data.TEMPORAL_UI_URL },
    })
    // A trusted pod of another application could claim another client address for each password guess.
    for (const network of trusted)
      expect(Number(network.split('/')[1] ?? 32), network).toBeGreaterThanOrEqual(28)
  })

  it('the chart runs Temporal’s pods as a non-root user without capabilities', () => {
    const { server, admintools, schema, web } = z
      .looseObject({
        server: z.looseObject({}),
        admintools: z.unknown(),
        schema: z.unknown(),
        web: z.unknown(),
      })
      .parse(readYaml('kubernetes/values.yaml'))
    const pod = { runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: 'RuntimeDefault' } }
    const container = {
      containerSecurityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
    }
    expect(server).toMatchObject({ securityContext: pod })
    for (const service of ['frontend', 'history', 'matching', 'worker'])
      expect(server).toMatchObject({ [service]: container })
    for (const part of [admintools, schema, web])
      expect(part).toMatchObject({ securityContext: pod, ...container })
  })

  it('the chart has the same dynamic settings and server version as compose', () => {
    const values = z
      .object({ server: z.looseObject({ dynamicConfig: z.unknown(), image: z.object({ tag: z.string() }) }) })
      .parse(readYaml('kubernetes/values.yaml'))
    expect(values.server.dynamicConfig).toEqual(parse(readDeployFile('temporal/dynamic-config.yaml')))
    expect(readDeployFile('compose.yaml')).toContain(`TEMPORAL_VERSION:-${values.server.image.tag}}`)
  })

  it('KEDA scales by both task queues and keeps at least two workers', () => {
    const scaled = z
      .object({
        spec: z.looseObject({
          scaleTargetRef: z.object({ name: z.string() }),
          minReplicaCount: z.number(),
          triggers: z.array(
            z.object({ type: z.literal('temporal'), metadata: z.looseObject({ taskQueue: z.string() }) }),
          ),
        }),
      })
      .parse(readYaml('kubernetes/keda-worker.yaml'))
    expect(scaled.spec.triggers.map((t) => t.metadata.taskQueue)).toEqual([NURTURE_QUEUE, ACTIVITY_QUEUE])
    expect(scaled.spec.minReplicaCount).toBe(2)
    expect(() => find('Deployment', scaled.spec.scaleTargetRef.name)).not.toThrow()
  })
})

const APP_DEPLOYMENTS = ['nurture-serve', 'nurture-worker'] as const
const serve: Pod = { namespace: 'nurture', labels: { app: 'nurture-serve' } }
const worker: Pod = { namespace: 'nurture', labels: { app: 'nurture-worker' } }
const ingress: Pod = { namespace: 'ingress-nginx', labels: {} }
const prometheus: Pod = { namespace: 'monitoring', labels: {} }
const otherPod: Pod = { namespace: 'shop', labels: { app: 'shop' } }
const neighbour: Pod = { namespace: 'nurture', labels: { app: 'debug' } }
const impostor: Pod = { namespace: 'shop', labels: { app: 'nurture-worker' } }
const dns: Pod = { namespace: 'kube-system', labels: { 'k8s-app': 'kube-dns' } }
const temporalPod = (component: string): Pod => ({
  namespace: 'temporal',
  labels: { 'app.kubernetes.io/component': component },
})

describe('the network policies', () => {
  const { reaches } = network([
    { namespace: 'nurture', file: 'kubernetes/nurture.yaml' },
    { namespace: 'temporal', file: 'kubernetes/temporal-policy.yaml' },
  ])

  it('apply to the pods of both deployments', () => {
    const deployments = readAllYaml('kubernetes/nurture.yaml')
      .map((o) => object.parse(o))
      .filter((o) => o.kind === 'Deployment')
    expect(deployments.map((o) => o.metadata.name)).toEqual([...APP_DEPLOYMENTS])
  })

  it.each<[string, Pod, Pod | string, number]>([
    ['callbacks and console requests from the ingress', ingress, serve, 3000],
    ['metrics of serve', prometheus, serve, 3000],
    ['metrics of a worker', prometheus, worker, 3002],
    ['DNS', worker, dns, 53],
    ['Temporal, from a worker', worker, temporalPod('frontend'), 7233],
    ['Temporal, from serve', serve, temporalPod('frontend'), 7233],
    ['Temporal, from KEDA', { namespace: 'keda', labels: {} }, temporalPod('frontend'), 7233],
    ['requests between Temporal services', temporalPod('history'), temporalPod('matching'), 7235],
    ['the Web UI, from the ingress', ingress, temporalPod('web'), 8080],
    ['PostgreSQL', serve, '10.10.20.4', 5432],
    ['WeChat', worker, '203.205.254.63', 443],
    ['WeChat over IPv6', worker, '2402:4e00:1200::1', 443],
  ])('allow %s', (_name, from, to, port) => {
    expect(reaches(from, to, port)).toBe(true)
  })

  it.each<[string, Pod, Pod | string, number]>([
    ['serve, from another pod', otherPod, serve, 3000],
    ['serve, from another pod of its namespace', neighbour, serve, 3000],
    ['serve, from a worker', worker, serve, 3000],
    ['a worker, from the ingress', ingress, worker, 3002],
    ['another port of serve', ingress, serve, 9229],
    ['Temporal, from another pod', otherPod, temporalPod('frontend'), 7233],
    [
      'Temporal, from a pod with the worker’s label in another namespace',
      impostor,
      temporalPod('frontend'),
      7233,
    ],
    ['Temporal’s history service, from a worker', worker, temporalPod('history'), 7234],
    ['Temporal’s HTTP API, from a worker', worker, temporalPod('frontend'), 7243],
    ['the Web UI, from another pod', otherPod, temporalPod('web'), 8080],
    ['another pod, from serve', serve, otherPod, 443],
    ['the cloud’s metadata', serve, '169.254.169.254', 443],
    ['the cloud’s metadata over HTTP', serve, '169.254.169.254', 80],
    ['an address of the cluster', serve, '10.96.0.1', 443],
    ['an address of a private network', worker, '192.168.1.1', 443],
    ['a private IPv6 address', worker, 'fd00:ec2::254', 443],
    ['SMTP', worker, '203.0.113.7', 25],
  ])('deny %s', (_name, from, to, port) => {
    expect(reaches(from, to, port)).toBe(false)
  })
})
