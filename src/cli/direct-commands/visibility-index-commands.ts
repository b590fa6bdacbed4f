import pg from 'pg'
import { ConfigError, loadConfig } from '../../config/config.ts'
import { databaseFilesProblem } from '../../config/database-url.ts'
import {
  type VisibilityIndex,
  VisibilityIndexError,
  VisibilityIndexes,
} from '../../temporal/visibility-indexes.ts'
import { CommandError, command, commandGroup, type Output, printing, type Terminal } from '../cli-command.ts'

/** `nurture temporal visibility-indexes` */
export const visibilityIndexCommands = (terminal: Terminal) =>
  commandGroup(
    'visibility-indexes',
    "The indexes of Temporal's visibility table on PostgreSQL (VISIBILITY_DATABASE_URL)",
    [
      command('status', 'Show which indexes are partial, and the size of all').action(
        printing(terminal, () => withIndexes((indexes) => describe(indexes, null))),
      ),
      command('apply', 'Leave rows without the attribute out of each index; safe to repeat').action(
        printing(terminal, () =>
          withIndexes(async (indexes) =>
            describe(indexes, { made: 'partial', names: await indexes.apply() }),
          ),
        ),
      ),
      command('revert', 'Make each index contain all rows again, as Temporal creates it').action(
        printing(terminal, () =>
          withIndexes(async (indexes) => describe(indexes, { made: 'full', names: await indexes.revert() })),
        ),
      ),
    ],
  )

/** @throws ConfigError without a database URL; CommandError when the database refuses or does not answer */
async function withIndexes(work: (indexes: VisibilityIndexes) => Promise<Output>): Promise<Output> {
  const { visibilityDatabaseUrl: url } = loadConfig()
  if (!url)
    throw new ConfigError(
      "Set VISIBILITY_DATABASE_URL to Temporal's visibility database on PostgreSQL, as the owner of its tables. The local server of npm start uses SQLite and needs no such indexes. See docs/temporal-commands.md.",
    )
  const problem = databaseFilesProblem(url)
  if (problem) throw new ConfigError(`VISIBILITY_DATABASE_URL: ${problem}`)
  try {
    return await VisibilityIndexes.use(url, work)
  } catch (err) {
    if (err instanceof VisibilityIndexError) throw new CommandError(err.message)
    if (!(err instanceof Error && 'code' in err)) throw err
    const what = err instanceof pg.DatabaseError ? 'refused the request' : 'does not answer'
    throw new CommandError(
      `The database of VISIBILITY_DATABASE_URL ${what}: ${err.message || err.code}. Check the address, and that the user owns Temporal's tables.`,
    )
  }
}

async function describe(
  indexes: VisibilityIndexes,
  change: { made: 'partial' | 'full'; names: readonly string[] } | null,
): Promise<Output> {
  const all = await indexes.list()
  const [partial, full] = [all.filter((i) => i.partial), all.filter((i) => !i.partial)]
  const bytes = all.reduce((sum, i) => sum + i.bytes, 0)
  const lines = [
    ...(change ? [`${change.names.length} indexes made ${change.made}`] : []),
    `${partial.length} partial, ${full.length} full, ${(bytes / 1e6).toFixed(1)} MB`,
    ...(change || partial.length === 0 ? [] : full.map(describeFull)),
  ]
  const value = {
    changed: change?.names ?? [],
    partial: partial.length,
    full: full.length,
    bytes,
    indexes: all,
  }
  return { value, text: lines.join('\n') }
}

function describeFull({ name, column }: VisibilityIndex): string {
  return `full: ${name} (${column})`
}
