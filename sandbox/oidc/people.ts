import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { ProviderName } from '../../src/oidc/rules.ts'
import type { Persona } from './persona.ts'

/** The people a provider knows, kept between runs where there is a folder. */
export class People<Person extends object> {
  readonly #persona: Persona<Person>
  readonly #path: string | null
  #people: Person[]

  constructor(persona: Persona<Person>, folder: string | null) {
    this.#persona = persona
    this.#path = folder === null ? null : peopleFile(folder, persona.name)
    this.#people = (this.#path ? readPeople<Person>(this.#path) : undefined) ?? [...persona.readyMade]
  }

  /** The one who was made last comes first. */
  list(): Person[] {
    return [...this.#people]
  }

  find(key: string): Person | undefined {
    return this.#people.find((person) => this.#persona.keyOf(person) === key)
  }

  /** Whom a `login_hint` names; of several with one address the one who was made last. */
  findByHint(hint: string): Person | undefined {
    const address = hint.trim().toLowerCase()
    const known = this.#people.map((person) => ({ person, ...this.#persona.hintsOf(person) }))
    const named =
      known.find(({ exact }) => exact.includes(hint)) ??
      known.find(({ addresses }) => addresses.some((each) => each?.toLowerCase() === address))
    return named?.person
  }

  /** Makes a person, in the place of one who has the same key. */
  put(person: Person): void {
    const key = this.#persona.keyOf(person)
    this.#people = [person, ...this.#people.filter((each) => this.#persona.keyOf(each) !== key)]
    if (this.#path) keepPeople(this.#path, this.#people)
  }

  /** Only those who were there in the beginning are there again. */
  reset(): void {
    this.#people = [...this.#persona.readyMade]
    if (this.#path) rmSync(this.#path, { force: true })
  }
}

/** The file in which the sandbox in `folder` keeps whom a provider knows. */
export function peopleFile(folder: string, provider: ProviderName): string {
  return join(folder, `${provider}.json`)
}

function readPeople<Person>(path: string): Person[] | undefined {
  let kept: string
  try {
    kept = readFileSync(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  try {
    return (JSON.parse(kept) as { people: Person[] }).people.map((person) => person)
  } catch {
    throw new Error(`${path} does not hold people. Remove it to return to those of the beginning.`)
  }
}

/** A reader sees those of before or those of now, whenever the process ends. */
function keepPeople(path: string, people: object[]): void {
  mkdirSync(dirname(path), { recursive: true })
  const prepared = `${path}.new`
  writeFileSync(prepared, `${JSON.stringify({ people })}\n`)
  renameSync(prepared, path)
}
