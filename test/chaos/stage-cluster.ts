import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort } from '../../src/engine/local/ports.ts'
import { openStore } from '../../src/store/db.ts'
import { type Cluster, createCluster } from '../../temporal-docker/native/cluster.ts'
import type { Part } from '../../temporal-docker/native/part.ts'
import { NoProgramsError } from '../../temporal-docker/native/programs.ts'
import { readFacts, SECRETS, type Stage, type StageOptions } from './stage.ts'

/** The stack of compose.yaml, its processes to be hit one by one; null where this machine lacks something. */
export async function setClusterStage(options: StageOptions): Promise<Stage | null> {
  const set = await setCluster(options)
  return set?.stage ?? null
}

/** The same, with what moves the stack as a whole. */
export async function setCluster({
  root,
  folder,
  say,
}: StageOptions): Promise<{ stage: Stage; cluster: Cluster } | null> {
  const home = join(folder, 'cluster')
  mkdirSync(join(home, 'secrets'), { recursive: true })
  // PostgreSQL's own user must get there.
  chmodSync(folder, 0o755)
  // A secret that is there is kept.
  writeFileSync(join(home, 'secrets/admin_token'), SECRETS.ADMIN_TOKEN)
  let cluster: Cluster
  try {
    cluster = await createCluster({ folder: home, port: await freePort(), root, say: () => {} })
  } catch (err) {
    if (!(err instanceof NoProgramsError)) throw err
    say(err.message)
    return null
  }
  const parts = cluster.parts.filter((p) => p.name !== 'worker-draining').map(serving)
  let isUp = false
  const stage: Stage = {
    parts,
    callbackBase: cluster.callbackBase,
    apiBase: cluster.consoleBase,
    async heal() {
      if (isUp) await Promise.all(parts.map((p) => p.start()))
      else await cluster.up()
      isUp = true
    },
    async readStore() {
      const opened = await openStore({ databaseUrl: cluster.databaseUrl, dataDir: null })
      try {
        return await readFacts(opened.db)
      } finally {
        await opened.close()
      }
    },
    end: cluster.end,
  }
  return { stage, cluster }

  /** One of Temporal's processes is ready when all of them together can start a run. */
  function serving(part: Part): Part {
    if (!part.name.startsWith('temporal-')) return part
    return {
      ...part,
      async start() {
        await part.start()
        await cluster.serves()
      },
    }
  }
}
