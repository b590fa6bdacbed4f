import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto'
import { FairQueue } from './fair-queue.ts'
import { passwordProblem } from './password-policy.ts'

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
const QUEUE = { concurrency: 1, maxQueued: 30 }
const HASH_FORMAT = /^\$scrypt\$ln=(\d+),r=(\d+),p=(\d+)\$([\w-]+)\$([\w-]+)$/

/** A password that the rules do not allow; the message says which, and goes on from "The password …". */
export class PasswordRefusedError extends Error {
  override name = 'PasswordRefusedError'
}

/** Whose password is looked at, so that strangers' tries keep nobody waiting who is known. */
export interface Requester {
  /** A person at a place where that person has signed in before. */
  isKnown: boolean
  /** Password checks take turns by this key. */
  fairnessKey: string
}

const UNKNOWN_REQUESTER: Requester = { isKnown: false, fairnessKey: '' }
/** New passwords are set by admins. */
const ADMINS: Requester = { isKnown: true, fairnessKey: 'admins' }

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
  verify(password: string, hash: string | null, requester?: Requester): Promise<boolean>
}

export function createPasswords(costs: Costs = COSTS): Passwords {
  const queues = { known: new FairQueue(QUEUE), unknown: new FairQueue(QUEUE) }
  const dummyHash = formatHash(costs, Buffer.alloc(SALT_BYTES), Buffer.alloc(HASH_BYTES))

  const derive = (
    password: string,
    salt: Buffer,
    { ln, r, p }: Costs,
    requester: Requester,
  ): Promise<Buffer> => {
    const N = 2 ** ln
    // Full-width and composed characters are typed in more than one way.
    const typed = password.normalize('NFKC')
    const work = () =>
      new Promise<Buffer>((resolve, reject) =>
        scrypt(typed, salt, HASH_BYTES, { N, r, p, maxmem: 256 * N * r }, (err, key) =>
          err ? reject(err) : resolve(key),
        ),
      )
    return (requester.isKnown ? queues.known : queues.unknown).run(requester.fairnessKey, work)
  }

  return {
    async hash(password, name) {
      const problem = await passwordProblem(password, name)
      if (problem !== null) throw new PasswordRefusedError(problem)
      const salt = randomBytes(SALT_BYTES)
      return formatHash(costs, salt, await derive(password, salt, costs, ADMINS))
    },
    async verify(password, hash, requester = UNKNOWN_REQUESTER) {
      const [, ln, r, p, salt = '', expected = ''] = HASH_FORMAT.exec(hash ?? dummyHash) ?? []
      if (!ln) throw new Error('a stored password hash is of no form that this version knows')
      const stored = { ln: Number(ln), r: Number(r), p: Number(p) }
      const found = await derive(password, Buffer.from(salt, 'base64url'), stored, requester)
      return timingSafeEqual(found, Buffer.from(expected, 'base64url')) && hash !== null
    },
  }
}

function formatHash({ ln, r, p }: Costs, salt: Buffer, hash: Buffer): string {
  return `$scrypt$ln=${ln},r=${r},p=${p}$${salt.toString('base64url')}$${hash.toString('base64url')}`
}
