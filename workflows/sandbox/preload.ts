import { withoutPromiseStacks } from './promise-stacks.ts'

// Evaluated once, before the SDK makes the sandbox of the workflows immutable.
globalThis.Error = withoutPromiseStacks(globalThis.Error)
