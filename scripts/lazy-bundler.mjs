// Temporal's worker package requires webpack and its virtual file systems, also where the workflows are bundled already. A
// program that runs needs none of them, so each is loaded at its first use.
import { createRequire, Module } from 'node:module'

const BUNDLER_MODULES = ['webpack', 'memfs', 'unionfs']

/** Call it before Temporal's worker package is loaded. */
export function loadBundlerLazily() {
  const require = createRequire(createRequire(import.meta.url).resolve('@temporalio/worker'))
  for (const name of BUNDLER_MODULES) {
    const file = require.resolve(name)
    if (require.cache[file]) continue
    const placeholder = new Module(file)
    placeholder.loaded = true
    placeholder.exports = lazyExports(() => {
      if (require.cache[file] === placeholder) delete require.cache[file]
      return require(file)
    })
    require.cache[file] = placeholder
  }
}

/** The exports of a CommonJS module that is loaded when one of them is read. */
function lazyExports(load) {
  return new Proxy(
    {},
    {
      get(_, name) {
        // Compiled TypeScript asks this of each module that it imports. True: it uses the exports as they are.
        return name === '__esModule' ? true : load()[name]
      },
    },
  )
}
