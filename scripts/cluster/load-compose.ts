import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse, parseAllDocuments } from 'yaml'
import { z } from 'zod'

/** The folder `temporal-docker`. */
export const DEPLOY_FOLDER = join(import.meta.dirname, '../../temporal-docker')
export const COMPOSE_FILES = [
  'compose.yaml',
  'compose.app-only.yaml',
  'compose.platform.yaml',
  'app-services.yaml',
]

/** @param name of a file in the folder `temporal-docker` */
export const readDeployFile = (name: string) => readFileSync(join(DEPLOY_FOLDER, name), 'utf8')
/** One YAML document with `<<` merged, as compose reads it. */
export const readYaml = (name: string): unknown => parse(readDeployFile(name), { merge: true })
/** All documents of a file, as Kubernetes reads it. */
export const readAllYaml = (name: string): unknown[] =>
  parseAllDocuments(readDeployFile(name)).map((d) => d.toJS())

const dependency = z.object({ condition: z.string() })
const service = z.looseObject({
  image: z.string().optional(),
  extends: z.object({ file: z.string(), service: z.string() }).optional(),
  user: z.string().optional(),
  command: z.array(z.string()).optional(),
  environment: z.record(z.string(), z.string()).default({}),
  secrets: z.array(z.string()).default([]),
  volumes: z.array(z.string()).default([]),
  ports: z.array(z.string()).default([]),
  tmpfs: z.array(z.string()).default([]),
  networks: z.union([z.array(z.string()), z.record(z.string(), z.unknown())]).optional(),
  depends_on: z.record(z.string(), dependency).default({}),
  healthcheck: z
    .object({ test: z.array(z.string()) })
    .loose()
    .optional(),
  read_only: z.boolean().optional(),
  cap_drop: z.array(z.string()).default([]),
  security_opt: z.array(z.string()).default([]),
  restart: z.string().optional(),
  profiles: z.array(z.string()).optional(),
  deploy: z
    .object({
      resources: z.object({ limits: z.object({ cpus: z.string(), memory: z.string(), pids: z.number() }) }),
    })
    .optional(),
})
const stack = z.looseObject({
  services: z.record(z.string(), service),
  networks: z.record(z.string(), z.unknown()).default({}),
  volumes: z.record(z.string(), z.unknown()).default({}),
  secrets: z.record(z.string(), z.object({ file: z.string() })).default({}),
})
export type Service = z.output<typeof service>

/** A compose file with the services that its own services extend merged in, as compose does. */
export function loadStack(name: string) {
  const read = stack.parse(readYaml(name))
  const services = Object.entries(read.services).map(([name, own]) => [name, withBase(own)] as const)
  return { ...read, services: Object.fromEntries(services) }
}

function withBase(own: Service): Service {
  if (!own.extends) return own
  const base = stack.parse(readYaml(own.extends.file)).services[own.extends.service]
  if (!base) throw new Error(`${own.extends.file} has no service ${own.extends.service}`)
  const declared = Object.fromEntries(Object.entries(own).filter(([, v]) => v !== undefined && !isEmpty(v)))
  return {
    ...base,
    ...declared,
    environment: { ...base.environment, ...own.environment },
    secrets: [...base.secrets, ...own.secrets],
    volumes: [...base.volumes, ...own.volumes],
    depends_on: { ...base.depends_on, ...own.depends_on },
  }
}

function isEmpty(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0
}
