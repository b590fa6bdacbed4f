import type { UnixUser } from '../../src/temporal/local-server/supervise.ts'
import { createManagedProcess, type ManagedProcess } from './managed-process.ts'
import { logFileOf, spawnProcess, waitUntilReady } from './spawn-process.ts'
import type { StackServices } from './stack-services.ts'

const RESTART_DELAY_MS = 2_000

/** Starts and stops the processes of the long-running services. With `restart`, it restarts a process that exits. */
export class ServiceSupervisor {
  readonly #byService = new Map<string, ManagedProcess[]>()
  /** Services that should run. Only their processes are restarted. */
  readonly #wanted = new Set<string>()
  readonly #options: SupervisorOptions

  constructor(options: SupervisorOptions) {
    this.#options = options
    const { services } = options
    for (const name of services.names.filter((name) => !services.isJob(name)))
      this.#byService.set(
        name,
        services.processes(name).map((process) => this.#manage(name, process.name)),
      )
  }

  get processes(): ManagedProcess[] {
    return [...this.#byService.values()].flat()
  }

  async start(...names: string[]): Promise<void> {
    for (const name of names) this.#wanted.add(name)
    await Promise.all(names.flatMap((name) => this.#processesOf(name).map((process) => process.start())))
  }

  async stop(...names: string[]): Promise<void> {
    for (const name of names) {
      this.#options.services.byName(name)
      this.#wanted.delete(name)
      await Promise.all(this.#processesOf(name).map((process) => process.end()))
    }
  }

  /** Stops all services, the last one of compose.yaml first. */
  async stopAll(): Promise<void> {
    this.#wanted.clear()
    await this.stop(...[...this.#options.services.names].reverse())
  }

  #processesOf(name: string): ManagedProcess[] {
    return this.#byService.get(name) ?? []
  }

  #manage(service: string, processName: string): ManagedProcess {
    const { folder, services, postgresUser } = this.#options
    // Read at each start: the settings may have changed.
    const current = () => services.process(service, processName)
    const managed = createManagedProcess({
      name: processName,
      logFile: logFileOf(processName, folder),
      spawn: () => {
        const child = spawnProcess(current(), folder, service === 'postgres' ? postgresUser : null)
        child.on('exit', () => this.#restartLater(service, managed))
        return child
      },
      ready: () => waitUntilReady(current()),
    })
    return managed
  }

  #restartLater(service: string, managed: ManagedProcess): void {
    const { print, restart } = this.#options
    if (!restart || !this.#wanted.has(service)) return
    print(`${managed.name} exited; restarting it`)
    setTimeout(() => {
      if (this.#wanted.has(service))
        managed.start().catch((err) => print(`${managed.name} was not restarted: ${String(err)}`))
    }, RESTART_DELAY_MS)
  }
}

interface SupervisorOptions {
  services: StackServices
  /** The folder of the stack. */
  folder: string
  /** The user that PostgreSQL runs as; null: the user of this process. */
  postgresUser: UnixUser | null
  /** Whether a process that exits is restarted, as compose does. */
  restart: boolean
  print(line: string): void
}
