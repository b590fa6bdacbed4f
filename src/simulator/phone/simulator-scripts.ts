import { createBrowserScripts } from '../../ui/browser-scripts.ts'

/** Each becomes one script for browsers, with its libraries: `browser/NAME.tsx`. */
export const SIMULATOR_SCRIPTS = ['phones', 'crowd'] as const

/** The scripts of the simulator's pages by file name. */
export const simulatorScripts = createBrowserScripts({
  folder: new URL('../browser', import.meta.url),
  entries: SIMULATOR_SCRIPTS.map((name) => `${name}.tsx`),
  cache: 'browser-simulator',
})
