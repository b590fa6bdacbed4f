// CommonJS: the SDK loads this file itself, without tsx or vitest.
const { DefaultFailureConverter } = require('@temporalio/common')

/** Encrypts messages and stacks of failures. */
exports.failureConverter = new DefaultFailureConverter({ encodeCommonAttributes: true })
