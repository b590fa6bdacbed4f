import { DefaultLogger, Runtime } from '@temporalio/worker'

// The SDK tells of every worker's state; a test's own failures must not drown in that.
Runtime.install({ logger: new DefaultLogger('ERROR') })
