import { existsSync } from 'node:fs'
import { onPath, postgresBin } from '../../scripts/ensure-test-tools.mjs'
import type { ServerName } from './adapter.ts'
import { ADAPTERS } from './adapters/index.ts'

interface Program {
  name: string
  packages: readonly string[]
  isInstalled(): boolean
}

/** Debian's packages of the servers. ElasticMQ and Temporal have clients of other registries. */
const PROGRAMS: Readonly<Partial<Record<ServerName, Program>>> = {
  postgres: { name: 'PostgreSQL 15', packages: ['postgresql-15'], isInstalled: () => postgresBin() !== null },
  redis: { name: 'Redis', packages: ['redis-server'], isInstalled: () => onPath('redis-server') },
  rabbitmq: {
    name: 'RabbitMQ',
    packages: ['rabbitmq-server'],
    isInstalled: () => existsSync('/usr/lib/rabbitmq/bin/rabbitmq-server'),
  },
  elasticmq: {
    name: 'Maven',
    packages: ['maven', 'default-jre-headless'],
    isInstalled: () => onPath('mvn') && onPath('java'),
  },
}

/** The programs that these designs need. */
export function neededPrograms(peers: readonly string[]): Program[] {
  const servers = new Set(peers.map((name) => (name === 'product' ? 'postgres' : ADAPTERS[name]?.server)))
  return Object.entries(PROGRAMS).flatMap(([name, program]) =>
    servers.has(name as ServerName) ? [program] : [],
  )
}
