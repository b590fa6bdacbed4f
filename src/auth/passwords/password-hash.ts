import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto'
import { passwordProblem } from './password-policy.ts'
import { RoundRobinQueue } from './round-robin-queue.ts'

/** Cost parameters of scrypt: N = 2^ln, block size r, parallelism p. */
interface Costs {
  ln: number
  r: number
  p: number
}

/** 32 MiB and about 0.3 s per hash. One of the parameter sets of OWASP's Password Storage Cheat Sheet. */
const COSTS: Costs = { ln: 15, r: 8, p: 3 }
const SALT_BYTES = 16
const HASH_BYTES = 32
/**
 * Known users and anonymous clients have a queue each. scrypt uses a thread of libuv's pool of four, which file access and
 * DNS also need; the two queues together use at most two.
 */
const QUEUE = { concurrency: 1, maxQueued: 30 }
const HASH_FORMAT = /^\$scrypt\$ln=(\d+),r=(\d+),p=(\d+)\$([\w-]+)\$([\w-]+)$/

/** The password breaks a rule. The message continues "The password …". */
export class PasswordRefusedError extends Error {
  override name = 'PasswordRefusedError'
}

/** Who requests a password check. Attempts of anonymous clients must not delay known users. */
export interface Requester {
  /** The user has signed in from this location before. */
  isKnown: boolean
  /** Checks are served round-robin over these keys. */
  queueKey: string
}

const UNKNOWN_REQUESTER: Requester = { isKnown: false, queueKey: '' }
/** New passwords are set by admins. */
const ADMINS: Requester = { isKnown: true, queueKey: 'admins' }

export interface Passwords {
  /**
   * Hashes a new password of a user: `$scrypt$ln=15,r=8,p=3$SALT$HASH`. The costs are part of the hash, so they can change
   * without new passwords.
   * @throws PasswordRefusedError if the password breaks a rule
   * @throws BusyError
   */
  hash(password: string, name: string): Promise<string>
  /**
   * Returns false after the same time if `hash` is null (no user has that name).
   * @throws BusyError
   */
  verify(password: string, hash: string | null, requester?: Requester): Promise<boolean>
}

/**
 * The checks of one process: they share its two queues.
 * @param costs of new hashes, and of the time that an unknown name takes; a stored hash is verified with its own
 */
export function createPasswords(costs: Costs = COSTS): Passwords {
  const queues = { known: new RoundRobinQueue(QUEUE), unknown: new RoundRobinQueue(QUEUE) }
  const dummyHash = formatHash(costs, Buffer.alloc(SALT_BYTES), Buffer.alloc(HASH_BYTES))

  const derive = (
    password: string,
    salt: Buffer,
    { ln, r, p }: Costs,
    requester: Requester,
  ): Promise<Buffer> => {
    const N = 2 ** ln
    // Keyboards produce full-width and composed characters in different ways.
    const typed = password.normalize('NFKC')
    const work = () =>
      new Promise<Buffer>((resolve, reject) =>
        scrypt(typed, salt, HASH_BYTES, { N, r, p, maxmem: 256 * N * r }, (err, key) =>
          err ? reject(err) : resolve(key),
        ),
      )
    return (requester.isKnown ? queues.known : queues.unknown).run(requester.queueKey, work)
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
      if (!ln) throw new Error('a stored password hash has an unknown format')
      const stored = { ln: Number(ln), r: Number(r), p: Number(p) }
      const found = await derive(password, Buffer.from(salt, 'base64url'), stored, requester)
      return timingSafeEqual(found, Buffer.from(expected, 'base64url')) && hash !== null
    },
  }
}

function formatHash({ ln, r, p }: Costs, salt: Buffer, hash: Buffer): string {
  return `$scrypt$ln=${ln},r=${r},p=${p}$${salt.toString('base64url')}$${hash.toString('base64url')}`
}
