import type { AdmissionLimits } from './limits.ts'

interface Reader {
  signature: string
  bytes: number
  evict(): void
}

/** Signed requests whose body is incomplete. When there are too many, the oldest are evicted. */
export class BodyReaders {
  readonly #limits: Pick<AdmissionLimits, 'readers' | 'readerBytes' | 'readersPerSignature'>
  /** Oldest first, as in each set of one signature. */
  readonly #all = new Set<Reader>()
  readonly #bySignature = new Map<string, Set<Reader>>()
  #bytes = 0

  constructor(limits: Pick<AdmissionLimits, 'readers' | 'readerBytes' | 'readersPerSignature'>) {
    this.#limits = limits
  }

  get count(): number {
    return this.#all.size
  }

  get bytes(): number {
    return this.#bytes
  }

  /** Makes room for one more request with this signature and body size. */
  evictFor(signature: string, bytesNeeded: number): void {
    const { readers, readerBytes, readersPerSignature } = this.#limits
    const same = this.#bySignature.get(signature)
    if (same && same.size >= readersPerSignature) evictOldest(same)
    while (this.#all.size > 0 && (this.#all.size >= readers || this.#bytes + bytesNeeded > readerBytes)) {
      evictOldest(this.#all)
    }
  }

  /** @returns a function that removes the reader */
  add(reader: Reader): () => void {
    const same = this.#bySignature.get(reader.signature) ?? new Set()
    this.#bySignature.set(reader.signature, same.add(reader))
    this.#all.add(reader)
    this.#bytes += reader.bytes
    return () => this.#remove(reader, same)
  }

  #remove(reader: Reader, same: Set<Reader>): void {
    this.#all.delete(reader)
    same.delete(reader)
    if (same.size === 0) this.#bySignature.delete(reader.signature)
    this.#bytes -= reader.bytes
  }
}

function evictOldest(readers: ReadonlySet<Reader>): void {
  const [oldest] = readers
  oldest?.evict()
}
