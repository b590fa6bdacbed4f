import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto'
import { BulkheadRejectedError, bulkhead } from 'cockatiel'
import { passwordTrouble } from './password-rules.ts'

/** scrypt's costs: 2^ln rounds of r × 128 bytes, p times. */
interface Costs {
  ln: number
  r: number
  p: number
}

/** 32 MiB and some 0.3 s for each try; one of the sets of OWASP's Password Storage Cheat Sheet. */
const COSTS: Costs = { ln: 15, r: 8, p: 3 }
const SALT_BYTES = 16
const HASH_BYTES = 32
/** scrypt takes a thread of the four that files and name look-ups need too. */
const AT_ONCE = 2
const WAITING_MAX = 30
const FORM = /^\$scrypt\$ln=(\d+),r=(\d+),p=(\d+)\$([\w-]+)\$([\w-]+)$/

/** Too many sign-ins are under way in this process. */
export class BusyError extends Error {
  override name = 'BusyError'
}

/** A password that the rules do not allow; the message says which, and goes on from "The password …". */
export class PasswordRefusedError extends Error {
  override name = 'PasswordRefusedError'
}

export interface Passwords {
  /**
   * A new password of the person of that name: `$scrypt$ln=15,r=8,p=3$SALT$HASH`. The costs stand with the hash, so that
   * new ones need no new passwords.
   * @throws PasswordRefusedError when the rules do not allow it
   */
  hash(password: string, name: string): Promise<string>
  /**
   * `hash` null (nobody has that name) takes the same time, and is false.
   * @throws BusyError
   */
  verify(password: string, hash: string | null): Promise<boolean>
}

export function createPasswords(costs: Costs = COSTS): Passwords {
  const lane = bulkhead(AT_ONCE, WAITING_MAX)
  const nobody = form(costs, Buffer.alloc(SALT_BYTES), Buffer.alloc(HASH_BYTES))

  const derive = async (password: string, salt: Buffer, { ln, r, p }: Costs): Promise<Buffer> => {
    const N = 2 ** ln
    // Full-width and composed characters are typed in more than one way.
    const typed = password.normalize('NFKC')
    const work = () =>
      new Promise<Buffer>((resolve, reject) =>
        scrypt(typed, salt, HASH_BYTES, { N, r, p, maxmem: 256 * N * r }, (err, key) =>
          err ? reject(err) : resolve(key),
        ),
      )
    return lane.execute(work).catch((err) => {
      throw err instanceof BulkheadRejectedError ? new BusyError('too many sign-ins at once') : err
    })
  }

  return {
    async hash(password, name) {
      const trouble = await passwordTrouble(password, name)
      if (trouble !== null) throw new PasswordRefusedError(trouble)
      const salt = randomBytes(SALT_BYTES)
      return form(costs, salt, await derive(password, salt, costs))
    },
    async verify(password, hash) {
      const [, ln, r, p, salt = '', wanted = ''] = FORM.exec(hash ?? nobody) ?? []
      if (!ln) throw new Error('a stored password hash is of no form that this version knows')
      const found = await derive(password, Buffer.from(salt, 'base64url'), {
        ln: Number(ln),
        r: Number(r),
        p: Number(p),
      })
      return timingSafeEqual(found, Buffer.from(wanted, 'base64url')) && hash !== null
    },
  }
}

function form({ ln, r, p }: Costs, salt: Buffer, hash: Buffer): string {
  return `$scrypt$ln=${ln},r=${r},p=${p}$${salt.toString('base64url')}$${hash.toString('base64url')}`
}
