import { v7 as uuidv7 } from 'uuid'
import type { Letter } from './readLetter.ts'

const MOST_MAILS = 5000

/** One mail as one recipient got it. */
export interface Mail extends Letter {
  id: string
  /** The recipient that the mail server was told, whatever the header says. */
  to: string
  received_at: string
}

/** 550 refuses for good, 451 for now. */
export type RefusalCode = 550 | 451

/** Every mail that was received, newest first; of very many the oldest are forgotten. */
export class Mailbox {
  #mails: Mail[] = []
  readonly #refusals = new Map<string, { code: RefusalCode; times: number }>()

  /** Puts a letter in for each of its recipients. */
  receive(letter: Letter, recipients: string[], at: Date): void {
    const mails = recipients.map((to) => ({ id: uuidv7(), to, ...letter, received_at: at.toISOString() }))
    this.#mails.unshift(...mails.reverse())
    if (this.#mails.length > MOST_MAILS) this.#mails.length = MOST_MAILS
  }

  get size(): number {
    return this.#mails.length
  }

  /** The mails to an address, in whichever case it is written, or to all. */
  list(to?: string): Mail[] {
    if (to === undefined) return [...this.#mails]
    const wanted = to.toLowerCase()
    return this.#mails.filter((mail) => mail.to.toLowerCase() === wanted)
  }

  /** The mails to addresses that contain the words of a search. */
  search(words: string): Mail[] {
    const wanted = words.toLowerCase()
    return this.#mails.filter((mail) => mail.to.toLowerCase().includes(wanted))
  }

  find(id: string): Mail | undefined {
    return this.#mails.find((mail) => mail.id === id)
  }

  empty(): void {
    this.#mails = []
  }

  /** Refuses the next deliveries to an address; 0 times lifts it. */
  refuse(to: string, code: RefusalCode, times: number): void {
    this.#refusals.set(to.toLowerCase(), { code, times })
  }

  /** The code that this delivery is refused with, if it is; counts it. */
  takeRefusal(to: string): RefusalCode | undefined {
    const refusal = this.#refusals.get(to.toLowerCase())
    if (!refusal || refusal.times === 0) return undefined
    refusal.times--
    return refusal.code
  }
}
