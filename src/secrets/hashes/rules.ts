import type { Digest, StoredHash } from './readHash.ts'

/** What computing argon2 costs today. */
export interface Today {
  memoryKib: number
  passes: number
}

/** Nobody's parameters are higher than these for a good reason; computing dearer ones would starve everybody. */
const MOST_KIB = 262_144
const MOST_KIB_IN_ALL = 1_048_576
const MOST_SCRYPT_KIB_IN_ALL = 524_288
const MOST_LANES = 16
const MOST_BCRYPT_ROUNDS = 14
const MOST_PBKDF2_ITERATIONS = 3_000_000

/**
 * How much memory argon2 fills in the time of one step of the others, measured, and rounded down by a third and more: what is
 * spent beside a cheap hash rather takes too long than too short.
 */
const KIB_PER = { bcryptRound: 40, scryptKib: 1.5, pbkdf2Block: 0.2 }

/** PBKDF2 iterates once more for each of these that the key is longer. */
const digestBytes: Record<Digest, number> = { sha1: 20, sha256: 32, sha512: 64 }

/** Whether a hash costs more than may be computed for one sign-in. What is made today never does. */
export function isTooDear(hash: StoredHash, today: Today): boolean {
  switch (hash.kind) {
    case 'argon2': {
      const { memoryKib, passes, lanes } = hash
      if (memoryKib <= today.memoryKib && passes <= today.passes && lanes === 1) return false
      return memoryKib > MOST_KIB || memoryKib * passes > MOST_KIB_IN_ALL || lanes > MOST_LANES
    }
    case 'bcrypt':
      return hash.rounds > MOST_BCRYPT_ROUNDS
    case 'pbkdf2':
      return pbkdf2Blocks(hash) > MOST_PBKDF2_ITERATIONS
    default:
      return (
        scryptMemoryKib(hash) > MOST_KIB ||
        scryptKib(hash) * hash.lanes > MOST_SCRYPT_KIB_IN_ALL ||
        hash.lanes > MOST_LANES
      )
  }
}

/** KiB that argon2 fills, all passes together, in the time that computing this hash takes at least. */
export function costOf(hash: StoredHash): number {
  switch (hash.kind) {
    case 'argon2':
      // Lanes may run at the same time.
      return (hash.memoryKib * hash.passes) / hash.lanes
    case 'bcrypt':
      return KIB_PER.bcryptRound * 2 ** hash.rounds
    case 'pbkdf2':
      return KIB_PER.pbkdf2Block * pbkdf2Blocks(hash)
    default:
      return KIB_PER.scryptKib * scryptKib(hash) * hash.lanes
  }
}

const scryptKib = ({ n, blocks }: { n: number; blocks: number }) => (128 * n * blocks) / 1024

/** What it holds at a time: beside what it fills, two blocks and one for each lane. With a large block they are most of it. */
const scryptMemoryKib = ({ n, blocks, lanes }: { n: number; blocks: number; lanes: number }) =>
  (128 * blocks * (n + lanes + 2)) / 1024

const pbkdf2Blocks = ({ iterations, key, digest }: StoredHash & { kind: 'pbkdf2' }) =>
  iterations * Math.ceil(key.length / digestBytes[digest])
