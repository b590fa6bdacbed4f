import type { PlatformConfig } from '../../config/config.ts'

/** The third-party platform at the simulator. Its secrets are public, like those of the simulated account. */
export const DEMO_PLATFORM_CREDENTIALS = {
  appId: 'wxsimulatedplatform',
  appSecret: 'test-secret-of-the-simulated-platform',
  token: 'test-platform-token',
  aesKey: 'testplatformtestplatformtestplatformtestpla',
}

/** @param urls where the simulator and the product of this process will listen */
export function demoPlatform(urls: { simulatorUrl: string; publicUrl: string }): PlatformConfig {
  return {
    ...DEMO_PLATFORM_CREDENTIALS,
    previousAesKey: null,
    publicUrl: urls.publicUrl,
    apiBase: urls.simulatorUrl,
  }
}
