import { html, type Markup } from '../../pages/html.ts'
import { type CardBehaviour, testCards } from '../resources/cards.ts'
import { type Form, field } from './guard.ts'
import { brandName } from './words.ts'

/** What happens to a test card, in words. */
export const EFFECTS: Record<CardBehaviour, string> = {
  good: 'Pays',
  declined: 'Is declined',
  insufficient_funds: 'Is declined for lack of funds',
  fails_when_charged: 'Can be saved, but fails whenever it is charged',
  expired_card: 'Is declined because it has expired',
  incorrect_cvc: 'Is declined for its security code',
  processing_error: 'Fails while it is processed',
  requires_authentication: 'Asks for 3-D Secure first',
  requires_authentication_once: 'Asks for 3-D Secure once',
}

interface Choice {
  legend: string
  /** What was chosen before. */
  given?: Form | null | undefined
  /** Why that did not work. */
  fault?: string | null | undefined
  /** What can be chosen instead of a card, and is unless something else was. */
  instead?: { value: string; name: string; effect: string } | false
}

/** The card to use: one of the test cards, or a number to type. What went wrong with it stands beside it. */
export function cardChoice({ legend, given = null, fault = null, instead = false }: Choice): Markup {
  const number = field(given, 'number')
  const offered = testCards.filter(({ isRare }) => !isRare)
  const options = [
    ...(instead ? [instead] : []),
    ...offered.map(({ number: value, brand, last4, behaviour }) => ({
      value,
      name: `${brandName(brand)} •••• ${last4}`,
      effect: EFFECTS[behaviour],
    })),
  ]
  const chosen = options.find(({ value }) => value === field(given, 'card'))?.value ?? options[0]?.value
  const focus = (isIt: boolean) => fault && isIt && html` autofocus aria-describedby="card-fault"`
  return html`
<fieldset class="cards">
  <legend>${legend}</legend>
  ${fault && html`<p class="fault" id="card-fault" role="alert">${fault}</p>`}
  <div class="options">
    ${options.map(({ value, name, effect }) => {
      const state = html`${value === chosen && html` checked`}${focus(!number && value === chosen)}`
      return html`<label class="option"><input type="radio" name="card" value="${value}"${state}><span class="name">${name}</span><span class="effect">${effect}</span></label>`
    })}
  </div>
  <label class="number"><span>Or the number of a test card</span>
    <input name="number" value="${number}" inputmode="numeric" autocomplete="off" maxlength="40" placeholder="4242 4242 4242 4242"${focus(number !== '')}>
  </label>
</fieldset>`
}

/** What was chosen: a number that was typed goes before the cards to choose from. */
export function chosenCard(form: unknown): string {
  return field(form, 'number') || field(form, 'card')
}
