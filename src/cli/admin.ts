import { createPasswords, PasswordRefusedError } from '../access/password.ts'
import { COMMAND_LINE_ACTOR, nameKey, nameTrouble } from '../access/who.ts'
import { loadConfig } from '../config.ts'
import { writeAudit } from '../store/audit.ts'
import { openStore } from '../store/db.ts'
import { createUserStore } from '../store/users.ts'
import { callApi, server } from './api-client.ts'
import { command, Failure } from './command.ts'
import { passwordOption, readPassword } from './password.ts'
import type { UserItem } from './user.ts'

const create = command({
  name: 'create',
  description:
    'Add an admin. With DATABASE_URL straight into the store; else through the running program, which alone may open the embedded store',
  args: {
    name: { type: 'positional', required: true, description: 'Name of the admin' },
    ...passwordOption,
    ...server,
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
  const name = nameKey(given)
  const trouble = nameTrouble(name)
  if (trouble) throw new Failure(`The name ${trouble}.`)
  const passwordHash = await createPasswords()
    .hash(password, name)
    .catch((err: unknown) => {
      throw err instanceof PasswordRefusedError ? new Failure(`The password ${err.message}.`) : err
    })
  const store = await openStore({ databaseUrl, dataDir: null }).catch((err: unknown) => {
    const why = err instanceof Error ? err.message : String(err)
    throw new Failure(`The database of DATABASE_URL does not answer: ${why}`)
  })
  try {
    return await store.db.transaction(async (tx) => {
      const added = await createUserStore(tx, Date.now).add({ name, role: 'admin', passwordHash })
      if (!added)
        throw new Failure(`There is a user ${name} already: nurture user password, nurture user role.`)
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
