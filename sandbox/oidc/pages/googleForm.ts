import { randomInt } from 'node:crypto'
import { html } from '../../pages/html.ts'
import { Refusal } from '../../refusal.ts'
import { field } from '../../stripe/pages/guard.ts'
import type { GooglePerson } from '../google.ts'
import type { PersonForm } from './personForm.ts'

/** People with a Google account. */
export const googleForm: PersonForm<GooglePerson> = {
  show: ({ sub, email, email_verified, hd, name }) => ({
    name: name ?? email ?? sub,
    address: email ?? 'No address',
    facts: [
      email_verified === true
        ? { kind: 'good', words: 'address verified' }
        : { kind: 'bad', words: 'address not verified' },
      ...(hd === undefined ? [] : [{ kind: 'plain', words: `hosted by ${hd}` } as const]),
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
