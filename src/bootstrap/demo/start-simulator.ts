import { createSimulator } from '../../simulator/index.ts'
import { type LocalAddresses, SIMULATOR_HOST } from '../local-process.ts'
import type { Services } from '../services.ts'
import type { Shutdown } from '../shutdown.ts'
import { prepareDemo, suspendDemoAccounts } from './demo-account.ts'
import { prepareDemoPlatform } from './demo-platform.ts'
import { suspendDemoShops } from './demo-shops.ts'
import { createTestClock } from './test-clock.ts'

/** Suspends the accounts of a simulator, or of a simulated platform, that does not run in this process. */
export async function suspendUnservedDemo(services: Services, addresses: LocalAddresses): Promise<void> {
  if (addresses.simulatorPort === null) await suspendDemoAccounts(services)
  else if (!addresses.demoPlatform) await suspendDemoShops(services)
}

/**
 * Starts the simulator with its accounts and example campaigns.
 * @param options.consoleUrl the URL of callbacks and console
 * @returns the simulator's URL; null when it is off
 */
export async function startSimulator(
  services: Services,
  options: { addresses: LocalAddresses; consoleUrl: string; dataDir: string; shutdown: Shutdown },
): Promise<string | null> {
  const { addresses, consoleUrl, dataDir, shutdown } = options
  const { simulatorPort, demoPlatform } = addresses
  if (simulatorPort === null) return null
  const simulator = createSimulator({
    consoleUrl,
    ...(demoPlatform ? { authoriseUrl: `${consoleUrl}/wechat/component/authorize` } : {}),
    statePath: `${dataDir}/simulator.json`,
    testClock: createTestClock(services.temporal.client, services.db, services.closingClock),
  })
  const { url } = await simulator.listen(simulatorPort, SIMULATOR_HOST)
  shutdown.onShutdown('simulator', simulator.close)
  await prepareDemo(services, simulator, { simulatorUrl: url, callbackBase: consoleUrl })
  if (demoPlatform) await prepareDemoPlatform(services, simulator, demoPlatform)
  return url
}
