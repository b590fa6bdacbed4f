import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto'
import { createFairLane } from './fair-lane.ts'
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
/**
 * Of strangers, and of those who are known: each have a lane of their own. scrypt takes a thread of the four that files
 * and name look-ups need too: both lanes together take two.
 */
const LANE = { atOnce: 1, waitingMax: 30 }
const FORM = /^\$scrypt\$ln=(\d+),r=(\d+),p=(\d+)\$([\w-]+)\$([\w-]+)$/

/** A password that the rules do not allow; the message says which, and goes on from "The password …". */
export class PasswordRefusedError extends Error {
  override name = 'PasswordRefusedError'
}

/** Whose password is looked at, so that strangers' tries keep nobody waiting who is known. */
export interface Asker {
  /** A person at a place where that person has signed in before. */
  isKnown: boolean
  /** Those of one party take turns with the others. */
  party: string
}

const STRANGER: Asker = { isKnown: false, party: '' }
/** New passwords are set by admins. */
const ADMINS: Asker = { isKnown: true, party: 'admins' }

export interface Passwords {
  /**
   * A new password of the person of that name: `$scrypt$ln=15,r=8,p=3$SALT$HASH`. The costs stand with the hash, so that
   * new ones need no new passwords.
   * @throws PasswordRefusedError when the rules do not allow it
   * @throws BusyError
   */
  hash(password: string, name: string): Promise<string>
  /**
   * `hash` null (nobody has that name) takes the same time, and is false.
   * @throws BusyError
   */
  verify(password: string, hash: string | null, asker?: Asker): Promise<boolean>
}

export function createPasswords(costs: Costs = COSTS): Passwords {
  const lanes = { known: createFairLane(LANE), strangers: createFairLane(LANE) }
  const nobody = form(costs, Buffer.alloc(SALT_BYTES), Buffer.alloc(HASH_BYTES))

  const derive = (password: string, salt: Buffer, { ln, r, p }: Costs, asker: Asker): Promise<Buffer> => {
    const N = 2 ** ln
    // Full-width and composed characters are typed in more than one way.
    const typed = password.normalize('NFKC')
    const work = () =>
      new Promise<Buffer>((resolve, reject) =>
        scrypt(typed, salt, HASH_BYTES, { N, r, p, maxmem: 256 * N * r }, (err, key) =>
          err ? reject(err) : resolve(key),
        ),
      )
    return (asker.isKnown ? lanes.known : lanes.strangers).run(asker.party, work)
  }

  return {
    async hash(password, name) {
      const trouble = await passwordTrouble(password, name)
      if (trouble !== null) throw new PasswordRefusedError(trouble)
      const salt = randomBytes(SALT_BYTES)
      return form(costs, salt, await derive(password, salt, costs, ADMINS))
    },
    async verify(password, hash, asker = STRANGER) {
      const [, ln, r, p, salt = '', wanted = ''] = FORM.exec(hash ?? nobody) ?? []
      if (!ln) throw new Error('a stored password hash is of no form that this version knows')
      const stored = { ln: Number(ln), r: Number(r), p: Number(p) }
      const found = await derive(password, Buffer.from(salt, 'base64url'), stored, asker)
      return timingSafeEqual(found, Buffer.from(wanted, 'base64url')) && hash !== null
    },
  }
}

function form({ ln, r, p }: Costs, salt: Buffer, hash: Buffer): string {
  return `$scrypt$ln=${ln},r=${r},p=${p}$${salt.toString('base64url')}$${hash.toString('base64url')}`
}
