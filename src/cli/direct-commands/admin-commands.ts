import { createPasswords, PasswordRefusedError } from '../../auth/passwords/password-hash.ts'
import { COMMAND_LINE_ACTOR, normalizeUserName, userNameProblem } from '../../auth/principal.ts'
import { loadConfig } from '../../config/config.ts'
import { OutdatedStoreError } from '../../store/migrate.ts'
import { openStore } from '../../store/open-store.ts'
import { writeAudit } from '../../store/users/audit-log.ts'
import { createUserStore } from '../../store/users/user-store.ts'
import { callApi, urlOption } from '../api-client.ts'
import { CommandError, command, commandGroup, printing, type Terminal } from '../cli-command.ts'
import type { UserItem } from '../commands/user-commands.ts'
import { passwordFileOption, readPassword } from '../password-prompt.ts'

export const adminCommands = (terminal: Terminal) =>
  commandGroup('admin', 'The first admin 管理员', [create(terminal)])

const DESCRIPTION =
  'Add an admin: directly in the database if DATABASE_URL is set, else through the running server'

const create = (terminal: Terminal) =>
  command('create', DESCRIPTION)
    .argument('<name>', 'Name of the admin')
    .addOption(passwordFileOption)
    .addOption(urlOption)
    .action(
      printing(terminal, async (name, { passwordFile, ...options }) => {
        const { databaseUrl } = loadConfig()
        const password = await readPassword(passwordFile)
        const json = { name, role: 'admin', password }
        const added =
          databaseUrl && options.url === undefined
            ? await addToStore(databaseUrl, name, password)
            : await callApi<UserItem>(options, { method: 'POST', path: '/api/users', json })
        return {
          value: { name: added.name, role: added.role },
          text: `${added.name}: added as ${added.role}`,
        }
      }),
    )

/** @throws CommandError if the name or password is not accepted, or if the database does not answer */
async function addToStore(databaseUrl: string, typedName: string, password: string) {
  const name = normalizeUserName(typedName)
  const problem = userNameProblem(name)
  if (problem) throw new CommandError(`The name ${problem}.`)
  const passwordHash = await createPasswords()
    .hash(password, name)
    .catch((err: unknown) => {
      throw err instanceof PasswordRefusedError ? new CommandError(`The password ${err.message}.`) : err
    })
  const store = await openStore({ databaseUrl, dataDir: null }).catch((err: unknown) => {
    if (err instanceof OutdatedStoreError) throw err
    const reason = err instanceof Error ? err.message : String(err)
    throw new CommandError(
      `The database does not answer: ${reason}. Check DATABASE_URL, and that PostgreSQL is running.`,
    )
  })
  try {
    return await store.db.transaction(async (tx) => {
      const added = await createUserStore(tx, Date.now).add({ name, role: 'admin', passwordHash })
      if (!added)
        throw new CommandError(
          `User ${name} already exists. To change the password or role, run: nurture user password, nurture user role`,
        )
      await writeAudit(tx, {
        actor: COMMAND_LINE_ACTOR,
        action: 'user.add',
        target: name,
        details: { role: 'admin' },
        at: Date.now(),
      })
      return added
    })
  } finally {
    await store.close()
  }
}
