import { randomUUID } from 'node:crypto'
import { html } from '../../pages/html.ts'
import { Refusal } from '../../refusal.ts'
import { field } from '../../stripe/pages/guard.ts'
import { CONSUMERS, type MicrosoftPerson } from '../microsoft.ts'
import type { PersonForm, Shown } from './personForm.ts'

/** People with a Microsoft account, of a company or their own. */
export const microsoftForm: PersonForm<MicrosoftPerson> = {
  show: ({ oid, tid, email, xms_edov, preferred_username, name }) => ({
    name: name ?? preferred_username ?? email ?? oid,
    address: email ?? (preferred_username ? `${preferred_username}, without a mailbox` : 'No address'),
    facts: [
      tid.toLowerCase() === CONSUMERS
        ? { kind: 'good', words: 'personal, verified' }
        : { kind: 'plain', words: `directory ${tid.slice(0, 8)}…` },
      ...(tid.toLowerCase() === CONSUMERS ? [] : [ownershipOf(xms_edov)]),
    ],
  }),
  fields: html`
  <label class="field"><span>E-mail</span><input name="email" type="email" maxlength="320" autocomplete="off"></label>
  <label class="field"><span>Sign-in name (<code>preferred_username</code>)</span><input name="preferred_username" maxlength="320" autocomplete="off"></label>
  <label class="field"><span>Name</span><input name="name" maxlength="200" autocomplete="off"></label>
  <label class="field"><span>Directory (<code>tid</code>); empty is a new one, and <code>personal</code> that of personal accounts</span><input name="tid" maxlength="100" autocomplete="off"></label>
  <label class="field"><span>Does the directory own the address’s domain (<code>xms_edov</code>)?</span>
    <select name="xms_edov"><option value="">Not said</option><option value="true">Yes</option><option value="false">No</option></select></label>`,
  read(form) {
    const [email, tid, ownership] = [field(form, 'email'), field(form, 'tid'), field(form, 'xms_edov')]
    const [preferred_username, name] = [field(form, 'preferred_username'), field(form, 'name')]
    if (!email && !preferred_username) {
      throw new Refusal(422, 'Nobody was made', 'Give an e-mail or a sign-in name.')
    }
    return {
      oid: randomUUID(),
      tid: tid === 'personal' ? CONSUMERS : tid || randomUUID(),
      ...(email && { email }),
      ...(ownership && { xms_edov: ownership === 'true' }),
      ...(preferred_username && { preferred_username }),
      ...(name && { name }),
    }
  },
}

/** In the eyes of the service, which trusts a directory in domains of its own only. */
function ownershipOf(xms_edov: MicrosoftPerson['xms_edov']): Shown['facts'][number] {
  if (xms_edov === undefined) return { kind: 'bad', words: 'not verified' }
  const isOwned = [true, 1, '1', 'true'].includes(xms_edov)
  return { kind: isOwned ? 'good' : 'bad', words: `xms_edov ${JSON.stringify(xms_edov)}` }
}
