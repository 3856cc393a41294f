const SECOND = 1000
const LOOK_EVERY_MS = 1500
const FOLLOW_EVERY_MS = 300

const dateTime = new Intl.DateTimeFormat('en-GB', {
  weekday: 'short',
  day: 'numeric',
  month: 'short',
  year: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  timeZone: 'UTC',
})

runClock()
makeOperator()
copyCommands()
watchMailbox()
watchStripe()

function runClock() {
  const card = document.querySelector('[data-clock]')
  if (!card) return
  const now = card.querySelector('[data-now]')
  const status = card.querySelector('[data-clock-status]')
  const progress = card.querySelector('[data-clock-progress]')
  let isMoving = false

  const show = () => {
    const instant = new Date(Date.now() + ahead)
    now.textContent = `${dateTime.format(instant)} UTC`
    now.dateTime = instant.toISOString()
  }
  let ahead = readClock(card)
  const look = async () => {
    const page = await fetchPage('/')
    if (!page) return
    ahead = readClock(page.querySelector('[data-clock]'))
    for (const selector of ['[data-ahead]', '[data-mail-count]']) {
      document.querySelector(selector).textContent = page.querySelector(selector).textContent
    }
    renew(page, '[data-trial]')
    renew(page, '[data-live]')
    show()
  }
  const follow = async (from, seconds) => {
    const answer = await fetch('/control/clock').then(
      (reply) => reply.json(),
      () => null,
    )
    if (!isMoving || !answer) return
    ahead = Date.parse(answer.now) - Date.now()
    show()
    const moved = Math.min(1, (Date.parse(answer.now) - from) / SECOND / seconds)
    progress.value = moved
    if (moved === 1) say(status, 'It is there. Running what has become due…')
  }
  const advance = async (seconds) => {
    if (isMoving) return
    isMoving = true
    const focused = document.activeElement
    const controls = [...card.querySelectorAll('button, input, select')]
    for (const control of controls) control.disabled = true
    progress.hidden = false
    progress.value = 0
    say(status, 'On its way, running what becomes due…')
    const from = Date.now() + ahead
    const following = setInterval(() => follow(from, seconds), FOLLOW_EVERY_MS)
    const answer = await post('/control/clock/advance', { seconds })
    clearInterval(following)
    isMoving = false
    for (const control of controls) control.disabled = false
    await look()
    if (answer.now) say(status, 'Done: everything that became due has been run.')
    else say(status, `${answer.title}. ${answer.detail}`, true)
    progress.hidden = true
    if (focused.isConnected) focused.focus()
  }

  show()
  setInterval(show, SECOND)
  // A test or somebody else may move it too.
  setInterval(() => document.hidden || isMoving || look(), 3 * SECOND)
  card.addEventListener('click', ({ target }) => {
    const seconds = secondsOf(target.closest('button')?.dataset ?? {}, Date.now() + ahead)
    if (seconds > 0) void advance(seconds)
  })
  card.querySelector('[data-advance-form]').addEventListener('submit', (event) => {
    event.preventDefault()
    const { amount, unit } = event.target.elements
    void advance(Number(amount.value) * Number(unit.value))
  })
}

/** How far a button moves the clock from `now`. */
function secondsOf({ advance, advanceMonths, advanceTo }, now) {
  if (advance) return Number(advance)
  if (advanceTo) return Math.ceil((Date.parse(advanceTo) - now) / SECOND) + 1
  if (!advanceMonths) return 0
  const then = new Date(now)
  then.setUTCMonth(then.getUTCMonth() + Number(advanceMonths))
  return Math.ceil((then - now) / SECOND)
}

function makeOperator() {
  const form = document.querySelector('[data-operator-form]')
  if (!form) return
  const status = form.querySelector('[data-operator-status]')
  form.addEventListener('submit', async (event) => {
    event.preventDefault()
    const button = form.querySelector('button')
    button.disabled = true
    say(status, 'Asking for the link…')
    const answer = await post('/control/operators/link', { email: form.elements.email.value })
    button.disabled = false
    if (answer.email) location.assign(`/mailbox?to=${encodeURIComponent(answer.email)}`)
    else say(status, `${answer.title}. ${answer.detail}`, true)
  })
}

/** How far the clock of a page is ahead of this machine's, in milliseconds. */
function readClock(card) {
  return Date.parse(card.dataset.clock) - Date.now()
}

function say(status, words, isFault = false) {
  // What is said once more would be read out once more.
  if (status.textContent === words) return
  status.textContent = words
  status.classList.toggle('fault', isFault)
}

function copyCommands() {
  for (const button of document.querySelectorAll('[data-copy]')) {
    button.addEventListener('click', async () => {
      const text = button.parentElement.querySelector('code')
      try {
        await navigator.clipboard.writeText(text.textContent)
        button.textContent = 'Copied'
      } catch {
        getSelection().selectAllChildren(text)
        button.textContent = 'Selected'
      }
      setTimeout(() => (button.textContent = 'Copy'), 2 * SECOND)
    })
  }
}

function watchMailbox() {
  const list = document.querySelector('[data-mail-list]')
  if (!list) return
  const status = document.querySelector('[data-mailbox-status]')
  let shown = list.innerHTML

  const refresh = async () => {
    if (document.hidden) return
    const page = await fetchPage(list.dataset.source)
    if (!page || page.body.innerHTML === shown) return
    shown = page.body.innerHTML
    const focused = list.contains(document.activeElement) ? document.activeElement.getAttribute('href') : null
    list.replaceChildren(...page.body.childNodes)
    if (focused) list.querySelector(`a[href="${CSS.escape(focused)}"]`)?.focus()
    const counts = list.querySelector('[data-mails]')?.dataset
    status.textContent = `${counts?.mails ?? 0} mails`
    document.querySelector('[data-mail-count]').textContent = counts?.allMails ?? '0'
  }

  setInterval(refresh, LOOK_EVERY_MS)
  document.addEventListener('visibilitychange', refresh)
  document.querySelector('[data-empty-mailbox]').addEventListener('click', async () => {
    await fetch('/control/mailbox', { method: 'DELETE' })
    location.assign('/mailbox')
  })
}

/** The overview looks anyway, because of its clock. */
function watchStripe() {
  if (document.querySelector('[data-clock]') || !document.querySelector('[data-live]')) return
  const look = async () => {
    const page = document.hidden ? null : await fetchPage('/stripe')
    if (page) renew(page, '[data-live]')
  }
  setInterval(look, LOOK_EVERY_MS)
  document.addEventListener('visibilitychange', look)
}

/** Shows what has changed since in a part of the page, unless somebody is on a link or a button in it. */
function renew(page, selector) {
  const shown = document.querySelector(selector)
  const found = page.querySelector(selector)
  if (!shown || !found || shown.innerHTML === found.innerHTML || shown.contains(document.activeElement))
    return
  shown.replaceChildren(...found.childNodes)
}

async function fetchPage(path) {
  try {
    const answer = await fetch(path)
    return answer.ok ? new DOMParser().parseFromString(await answer.text(), 'text/html') : null
  } catch {
    // The sandbox has stopped; when it runs again, the next look finds it.
    return null
  }
}

async function post(path, body) {
  try {
    const answer = await fetch(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    return await answer.json()
  } catch {
    return { title: 'The sandbox does not answer', detail: 'Is it still running?' }
  }
}
