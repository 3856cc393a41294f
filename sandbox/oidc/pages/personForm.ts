import type { Markup } from '../../pages/html.ts'
import type { Form } from '../../stripe/pages/guard.ts'

/** What the page shows of somebody, and how the service will see them. */
export interface Shown {
  name: string
  address: string
  facts: { kind: 'good' | 'bad' | 'plain'; words: string }[]
}

/** How people of a provider are shown on its page, and made there. */
export interface PersonForm<Person extends object> {
  show(person: Person): Shown
  fields: Markup
  /** Throws a Refusal for what makes nobody. */
  read(form: Form): Person
}
