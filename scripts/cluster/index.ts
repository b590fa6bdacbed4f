import { resolve } from 'node:path'
import { callerFolder } from '../../src/config/config.ts'
import { assertPortFree, PortInUseError } from '../../src/temporal/local-server/ports.ts'
import { exitWithUsage, readOptions } from '../read-options.ts'
import { createCluster } from './cluster.ts'
import { listenForCommands } from './control-socket.ts'
import { defaultFolder } from './default-folder.ts'
import { MissingProgramsError } from './find-programs.ts'

const USAGE = `npm run cluster -- [--port N] [--folder DIR] [--set NAME=VALUE …]
  Runs the stack of temporal-docker/compose.yaml without containers, until Ctrl-C: PostgreSQL, Temporal's four
  services, two \`serve\`, two \`worker\` and the proxy, each a process of its own.
  --port    port of callbacks (127.0.0.1) and console (localhost), 3000 by default
  --folder  folder of data, secrets and logs. An existing stack continues. The default is .data/cluster; as root
            in a private checkout, a folder in /var/lib, which is printed
  --set     a setting of .env`

const print = (line: string) => process.stdout.write(`${line}\n`)
const { values } = readOptions(USAGE, {
  options: {
    port: { type: 'string', default: '3000' },
    folder: { type: 'string' },
    set: { type: 'string', multiple: true, default: [] },
  },
})
const port = Number(values.port)
const settings = values.set.map((text) => /^(\w+)=(.*)$/s.exec(text)?.slice(1))
if (!Number.isInteger(port) || port < 1) exitWithUsage(USAGE, '--port must be a whole number above 0.')
if (settings.some((s) => !s)) exitWithUsage(USAGE, '--set must be NAME=VALUE.')
const folder = values.folder ? resolve(callerFolder(), values.folder) : defaultFolder(callerFolder())
if (!values.folder) print(`cluster: the folder is ${folder}`)
try {
  await assertPortFree(port, '127.0.0.1', '--port')
  const startedAt = Date.now()
  const cluster = await createCluster({
    folder,
    port,
    settings: Object.fromEntries(settings as [string, string][]),
    restart: true,
    print,
  })
  let stopping = false
  const stop = async () => {
    if (stopping) return
    stopping = true
    print('stopping…')
    control.close()
    await cluster.end()
    process.exit(0)
  }
  const control = await listenForCommands(cluster, folder)
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void stop())
  await cluster.up()
  print(`started in ${((Date.now() - startedAt) / 1000).toFixed(1)} s
callbacks   ${cluster.callbackBase}/wechat/APPID
console     ${cluster.consoleBase}
admin token in ${folder}/secrets/admin_token
Temporal    ${cluster.temporalAddress}, namespace nurture
commands    ${folder}/bin/docker compose exec serve-1 node scripts/run.mjs src/cli/main.ts …
            PATH=${folder}/bin:$PATH temporal-docker/backup.sh
ready`)
} catch (err) {
  if (!(err instanceof MissingProgramsError || err instanceof PortInUseError)) throw err
  print(err.message)
  process.exit(1)
}
