import type { Clock } from '../clock.ts'
import type { TrialEnd } from './findTrialEnd.ts'
import { html, type Markup } from './html.ts'
import { time } from './layout.ts'

const HOUR = 3600
const DAY = 24 * HOUR
const MOVES = [
  { label: '+1 day', seconds: DAY },
  { label: '+7 days', seconds: 7 * DAY },
  { label: '+14 days', seconds: 14 * DAY },
]
const UNITS = [
  { label: 'minutes', seconds: 60 },
  { label: 'hours', seconds: HOUR },
  { label: 'days', seconds: DAY },
]

/** The clock, and the moves that somebody usually wants of it. */
export function clockCard(clock: Clock, trialEnd: TrialEnd | undefined): Markup {
  const now = clock.now().toISOString()
  return html`
<section class="card clock" id="clock" aria-labelledby="clock-title" data-clock="${now}" data-offset="${clock.offsetSeconds}">
  <div class="clock-face">
    <h2 id="clock-title">The clock</h2>
    <p class="now"><time datetime="${now}" data-now>${now.slice(0, 10)} ${now.slice(11, 19)} UTC</time></p>
    <p class="ahead" data-ahead>${describeOffset(clock.offsetSeconds)}</p>
  </div>
  <div class="moves">
    <div class="buttons" role="group" aria-label="Move the clock">
      ${MOVES.map(({ label, seconds }) => html`<button type="button" data-advance="${seconds}">${label}</button>`)}
      <button type="button" data-advance-months="1">+1 month</button>
    </div>
    <div class="to-trial" data-trial>${trialMove(trialEnd)}</div>
    <form data-advance-form>
      <label for="amount">Or by</label>
      <input id="amount" name="amount" type="number" min="1" step="any" value="30" required inputmode="decimal">
      <select name="unit" aria-label="Unit">
        ${UNITS.map(({ label, seconds }) => html`<option value="${seconds}"${label === 'days' && html` selected`}>${label}</option>`)}
      </select>
      <button type="submit">Move</button>
    </form>
  </div>
  <div class="under-way">
    <progress aria-label="How far the clock has come" max="1" value="0" data-clock-progress hidden></progress>
    <p class="status" role="status" data-clock-status>It goes day by day and runs everything that becomes due: reminders, renewals, ends of trials. It only moves forward.</p>
  </div>
</section>`
}

function trialMove(end: TrialEnd | undefined): Markup {
  if (!end) return html`<p>No trial is running: sign somebody up, and its end can be jumped to from here.</p>`
  return html`<button type="button" data-advance-to="${end.until.toISOString()}">To the end of the next trial</button>
      <p>${end.account}, on ${time(end.until.toISOString())} UTC</p>`
}

/** How far the clock is ahead, in the two largest units. */
function describeOffset(seconds: number): string {
  if (seconds < 1) return 'Real time'
  const units = [
    { name: 'day', amount: Math.floor(seconds / DAY) },
    { name: 'hour', amount: Math.floor(seconds / HOUR) % 24 },
    { name: 'minute', amount: Math.floor(seconds / 60) % 60 },
    { name: 'second', amount: Math.floor(seconds) % 60 },
  ]
  const said = units.filter(({ amount }) => amount > 0).slice(0, 2)
  return `${said.map(({ name, amount }) => `${amount} ${name}${amount === 1 ? '' : 's'}`).join(' and ')} ahead of real time`
}
