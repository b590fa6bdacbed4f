import { DefaultLogger, Runtime } from '@temporalio/worker'

// The SDK logs every state of every worker, which would hide the failures of tests.
Runtime.install({ logger: new DefaultLogger('ERROR') })
