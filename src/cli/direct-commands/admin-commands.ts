import { createPasswords, PasswordRefusedError } from '../../auth/passwords/password-hash.ts'
import { COMMAND_LINE_ACTOR, normalizeUserName, userNameProblem } from '../../auth/principal.ts'
import { loadConfig } from '../../config/config.ts'
import { openStore } from '../../store/db.ts'
import { OutdatedStoreError } from '../../store/migrate.ts'
import { writeAudit } from '../../store/users/audit-log.ts'
import { createUserStore } from '../../store/users/user-store.ts'
import { callApi, serverOption } from '../api-client.ts'
import { CommandError, cliCommand } from '../cli-command.ts'
import type { UserItem } from '../commands/user-commands.ts'
import { passwordOption, readPassword } from '../password-prompt.ts'

const create = cliCommand({
  name: 'create',
  description:
    'Add an admin. With DATABASE_URL straight into the store; else through the running program, which alone may open the embedded store',
  args: {
    name: { type: 'positional', required: true, description: 'Name of the admin' },
    ...passwordOption,
    ...serverOption,
  },
  async run(args) {
    const { databaseUrl } = loadConfig()
    const password = await readPassword(args)
    const made =
      databaseUrl && args.url === undefined
        ? await addToStore(databaseUrl, args.name, password)
        : await callApi<UserItem>(args, {
            method: 'POST',
            path: '/api/users',
            json: { name: args.name, role: 'admin', password },
          })
    return { value: { name: made.name, role: made.role }, text: `${made.name}: added as ${made.role}` }
  },
})

export const adminCommands = { create }

/** @throws Failure when the name or password cannot be taken, or the database does not answer */
async function addToStore(databaseUrl: string, given: string, password: string) {
  const name = normalizeUserName(given)
  const problem = userNameProblem(name)
  if (problem) throw new CommandError(`The name ${problem}.`)
  const passwordHash = await createPasswords()
    .hash(password, name)
    .catch((err: unknown) => {
      throw err instanceof PasswordRefusedError ? new CommandError(`The password ${err.message}.`) : err
    })
  const store = await openStore({ databaseUrl, dataDir: null }).catch((err: unknown) => {
    if (err instanceof OutdatedStoreError) throw err
    const why = err instanceof Error ? err.message : String(err)
    throw new CommandError(`The database of DATABASE_URL does not answer: ${why}`)
  })
  try {
    return await store.db.transaction(async (tx) => {
      const added = await createUserStore(tx, Date.now).add({ name, role: 'admin', passwordHash })
      if (!added)
        throw new CommandError(`There is a user ${name} already: nurture user password, nurture user role.`)
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
