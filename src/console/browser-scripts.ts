import { createBrowserScripts } from '../ui/browser-scripts.ts'

/** Each becomes one script for browsers, with its libraries: `browser/NAME.ts`. */
export const BROWSER_SCRIPTS = ['console', 'accounts', 'editor', 'yaml-editor', 'live', 'followers'] as const

/** The scripts of the console's pages by file name. */
export const browserScripts = createBrowserScripts({
  folder: new URL('./browser', import.meta.url),
  entries: BROWSER_SCRIPTS.map((name) => `${name}.ts`),
  cache: 'browser',
})
