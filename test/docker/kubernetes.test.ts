import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { loadConfig } from '../../src/config.ts'
import { NURTURE_QUEUE } from '../../src/engine/runs.ts'
import { SEND_QUEUE } from '../../src/engine/workers.ts'
import { read, readAllYaml, readYaml } from '../../temporal-docker/native/stack.ts'

const object = z.looseObject({ kind: z.string(), metadata: z.looseObject({ name: z.string() }) })
const probe = z.object({ httpGet: z.object({ path: z.string(), port: z.string() }) }).loose()
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
  ])('$role runs twice, probed on the port where it listens', ({ role, port }) => {
    const { spec } = deployment.parse(find('Deployment', `nurture-${role}`))
    const [container] = spec.template.spec.containers
    expect(spec.replicas).toBe(2)
    expect(container?.command).toEqual(['node', 'scripts/run.mjs', `src/${role}.ts`])
    expect(container?.ports).toEqual([{ name: 'http', containerPort: port }])
    expect(container?.livenessProbe.httpGet).toEqual({ path: '/healthz', port: 'http' })
    expect(container?.readinessProbe.httpGet).toEqual({ path: '/readyz', port: 'http' })
    expect(find('Service', `nurture-${role}`)).toMatchObject({ spec: { ports: [{ port }] } })
  })

  it('the settings are ones that the programs take', () => {
    const { data } = z
      .object({ data: z.record(z.string(), z.string()) })
      .parse(find('ConfigMap', 'nurture-settings'))
    const plain = Object.fromEntries(Object.entries(data).filter(([name]) => !name.endsWith('_FILE')))
    expect(loadConfig(plain)).toMatchObject({
      publicUrl: data.PUBLIC_URL,
      trustedProxies: [data.TRUSTED_PROXIES],
      temporal: { address: data.TEMPORAL_ADDRESS, namespace: 'nurture', uiUrl: data.TEMPORAL_UI_URL },
    })
  })

  it('the chart gives Temporal the same dynamic settings as compose', () => {
    const values = z
      .object({ server: z.looseObject({ dynamicConfig: z.unknown(), image: z.object({ tag: z.string() }) }) })
      .parse(readYaml('kubernetes/values.yaml'))
    expect(values.server.dynamicConfig).toEqual(parse(read('temporal/dynamic-config.yaml')))
    expect(read('compose.yaml')).toContain(`TEMPORAL_VERSION:-${values.server.image.tag}}`)
  })

  it('KEDA looks at our two task queues and keeps two workers', () => {
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
    expect(scaled.spec.triggers.map((t) => t.metadata.taskQueue)).toEqual([NURTURE_QUEUE, SEND_QUEUE])
    expect(scaled.spec.minReplicaCount).toBe(2)
    expect(() => find('Deployment', scaled.spec.scaleTargetRef.name)).not.toThrow()
  })
})
