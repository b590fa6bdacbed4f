import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { onPath } from '../../../scripts/ensure-test-tools.mjs'
import { freePort } from '../../../src/temporal/local-server/ports.ts'
import { supervise, untilReady } from '../../../src/temporal/local-server/supervise.ts'
import { waitFor } from '../../../test/harness/wait-for.ts'
import { NotAvailableError } from '../../not-available.ts'
import { installElasticmq } from '../install.ts'
import type { StartServer } from './server.ts'

/** ElasticMQ with its default settings: the messages are in memory. */
export const startElasticmqServer: StartServer = async (folder, print) => {
  for (const program of ['java', 'mvn'])
    if (!onPath(program)) throw new NotAvailableError(`${program} is not installed (Debian: maven)`)
  const libraries = await installElasticmq(print)
  const port = await freePort()
  const config = join(folder, 'elasticmq.conf')
  writeFileSync(
    config,
    `include classpath("application.conf")
rest-sqs { enabled = true, bind-hostname = "127.0.0.1", bind-port = ${port} }
rest-stats { enabled = false }
node-address { host = "127.0.0.1", port = ${port} }
`,
  )
  const args = [`-Dconfig.file=${config}`, '-cp', join(libraries, '*'), 'org.elasticmq.server.Main']
  const server = supervise('java', args, { logFile: join(folder, 'elasticmq.log') })
  const answers = () =>
    fetch(`http://127.0.0.1:${port}/?Action=ListQueues`).then(
      (answer) => answer.ok,
      () => false,
    )
  try {
    await untilReady('ElasticMQ', server, (signal) => waitFor(answers, { signal }))
  } catch (err) {
    await server.stop()
    throw err
  }
  return {
    address: `127.0.0.1:${port}`,
    url: (address) => `http://${address}`,
    disk: async () => null,
    stop: server.stop,
  }
}
