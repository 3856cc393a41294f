import { randomInt } from 'node:crypto'
import { readGoogle } from '../../../src/oidc/rules.ts'
import { html } from '../../pages/html.ts'
import { Refusal } from '../../refusal.ts'
import { field } from '../../stripe/pages/guard.ts'
import type { GooglePerson } from '../google.ts'
import type { PersonForm, Shown } from './personForm.ts'

/** People with a Google account. */
export const googleForm: PersonForm<GooglePerson> = {
  show: (person) => ({
    name: person.name ?? person.email ?? person.sub,
    address: person.email ?? 'No address',
    facts: [
      verificationOf(person),
      ...(person.hd === undefined ? [] : [{ kind: 'plain', words: `hd ${person.hd}` } as const]),
    ],
  }),
  fields: html`
  <label class="field"><span>E-mail</span><input name="email" type="email" required maxlength="320" autocomplete="off"></label>
  <label class="field"><span>Name</span><input name="name" maxlength="200" autocomplete="off"></label>
  <label class="field"><span>Hosted domain (<code>hd</code>), for an account of a company</span><input name="hd" maxlength="255" autocomplete="off"></label>
  <label class="check"><input type="checkbox" name="email_verified" value="true" checked>The address is verified</label>`,
  read(form) {
    const [email, name, hd] = [field(form, 'email'), field(form, 'name'), field(form, 'hd')]
    if (!email.includes('@')) throw new Refusal(422, 'Nobody was made', 'The e-mail is no address.')
    return {
      sub: `1${Array.from({ length: 20 }, () => randomInt(10)).join('')}`,
      email,
      email_verified: field(form, 'email_verified') === 'true',
      ...(hd && { hd }),
      ...(name && { name }),
    }
  },
}

/** In the eyes of the service, which trusts Google in mail and domains of its own only. */
function verificationOf(person: GooglePerson): Shown['facts'][number] {
  const reading = readGoogle({ ...person }, { hostedDomains: [] })
  if (reading.kind === 'identity' && reading.identity.emailVerified)
    return { kind: 'good', words: 'verified' }
  return {
    kind: 'bad',
    words: person.email_verified ? 'verified once, not by Google’s own word' : 'not verified',
  }
}
