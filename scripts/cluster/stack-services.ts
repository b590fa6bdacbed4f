import { loadStack, type Service } from './load-compose.ts'
import { CONTAINERS_ONLY, type LocalProcess, processesOf } from './service-to-process.ts'
import type { StackLocation } from './stack-location.ts'

/** A service that is starting. `dependenciesUp` resolves when it may start, `started` when it is ready or its job is done. */
interface Startup {
  dependenciesUp: Promise<void>
  started: Promise<void>
}

/** The services of compose.yaml that run on this machine, and the processes that each one is here. */
export class StackServices {
  readonly names: readonly string[]
  readonly #services: Record<string, Service>
  readonly #location: StackLocation

  constructor(location: StackLocation) {
    this.#location = location
    this.#services = loadStack('compose.yaml').services
    this.names = Object.keys(this.#services).filter((name) => !CONTAINERS_ONLY.includes(name))
  }

  /** The services that start when no name is given: those without a profile, as in compose. */
  get defaultNames(): readonly string[] {
    return this.names.filter((name) => !this.#services[name]?.profiles?.length)
  }

  /** @throws Error for a service that compose.yaml does not have, or that does not run here */
  byName(name: string): Service {
    const found = this.names.includes(name) ? this.#services[name] : undefined
    if (!found) throw new Error(`unknown service ${name}; the services are ${this.names.join(', ')}`)
    return found
  }

  /** The processes of a service under the present settings. */
  processes(name: string): LocalProcess[] {
    return processesOf(name, this.byName(name), this.#location)
  }

  /** @throws Error when the service has no process of that name under the present settings */
  process(name: string, processName: string): LocalProcess {
    const found = this.processes(name).find((process) => process.name === processName)
    if (!found) throw new Error(`service ${name} has no process ${processName}`)
    return found
  }

  /** Whether the service ends by itself. */
  isJob(name: string): boolean {
    return this.processes(name).every((process) => process.ready === null)
  }

  /** The environment in which a command of this service runs. */
  envOf(name: string): { env: Record<string, string>; cwd: string } {
    const [first] = this.processes(name)
    if (!first) throw new Error(`service ${name} has no process`)
    return { env: first.env, cwd: first.cwd }
  }

  /**
   * Starts services in the order of compose: in parallel, each after its dependencies, which start too.
   * @param start starts one service; resolves when it is ready, or when its job is done
   */
  async startInOrder(names: readonly string[], start: (name: string) => Promise<void>): Promise<void> {
    const startups = new Map<string, Startup>()
    const startupOf = (name: string): Startup => {
      const known = startups.get(name)
      if (known) return known
      const dependencies = Object.entries(this.byName(name).depends_on)
        .filter(([dependency]) => !CONTAINERS_ONLY.includes(dependency))
        .map(([dependency, { condition }]) => {
          const { dependenciesUp, started } = startupOf(dependency)
          return condition === 'service_started' ? dependenciesUp : started
        })
      const dependenciesUp = Promise.all(dependencies).then(() => {})
      const startup = { dependenciesUp, started: dependenciesUp.then(() => start(name)) }
      startups.set(name, startup)
      return startup
    }
    await Promise.all(names.map((name) => startupOf(name).started))
  }
}
