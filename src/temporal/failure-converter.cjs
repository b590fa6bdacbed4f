// CommonJS, and no TypeScript: the SDK loads this file itself, from outside of tsx and vitest.
const { DefaultFailureConverter } = require('@temporalio/common')

/** Messages and stacks of failures go through the codec like everything else. */
exports.failureConverter = new DefaultFailureConverter({ encodeCommonAttributes: true })
