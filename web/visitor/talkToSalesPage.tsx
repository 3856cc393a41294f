import { FrontgateProblem, unwrap } from '@frontgate/client'
import { NativeSelect, Text, Textarea } from '@mantine/core'
import { useRef, useState } from 'react'
import { client } from '../client.ts'
import { Field, type Fields, Form, Submit, useForm } from '../forms/form.tsx'
import { settings } from '../settings.ts'
import { Card } from '../shell/card.tsx'
import { useWords } from '../words/words.ts'
import { attribution } from './attribution.ts'
import { LinkButton } from './linkButton.tsx'
import { Outcome } from './outcome.tsx'
import { Turnstile, type TurnstileHandle } from './turnstile.tsx'
import { usePlans } from './usePlans.ts'

/** As the service names them: the words for them are the reader's. */
const SIZES = ['1-10', '11-50', '51-200', '201-1000', '1001+']

/** Where people leave word for sales; it takes along where they came from. */
export function TalkToSalesPage() {
  const { words } = useWords()
  const { sales } = words.visitor
  const challenge = useRef<TurnstileHandle>(null)
  const [sentBy, setSentBy] = useState<string | null>(null)
  if (sentBy !== null) {
    return (
      <Outcome title={sales.doneTitle} lead={sales.done(sentBy)}>
        <LinkButton to="/pricing" variant="default">
          {sales.toPricing}
        </LinkButton>
      </Outcome>
    )
  }

  async function send(fields: Fields): Promise<void> {
    try {
      const token = challenge.current?.token() ?? null
      unwrap(await client.api.POST('/v1/sales-leads', { body: leadOf(fields, token) }))
      setSentBy(fields.email ?? '')
    } finally {
      // What it gave is used up.
      challenge.current?.reset()
    }
  }

  return (
    <Card title={sales.title} lead={sales.lead}>
      <AboutPlan />
      <Form onSubmit={send} explain={(thrown) => explain(thrown, sales)}>
        <Field name="name" label={sales.name} autoComplete="name" maxLength={200} required />
        <Field name="company" label={sales.company} autoComplete="organization" maxLength={200} required />
        <Field name="email" label={sales.email} type="email" autoComplete="email" maxLength={320} required />
        <NativeSelect
          name="company_size"
          label={`${sales.size} (${words.shared.optional})`}
          data={[
            { value: '', label: sales.noSize },
            ...SIZES.map((value, i) => ({ value, label: sales.sizes[i] ?? value })),
          ]}
        />
        <Message />
        <div className="away" aria-hidden="true">
          <label>
            {sales.website}
            <input name="website" tabIndex={-1} autoComplete="off" />
          </label>
        </div>
        {settings.turnstile_site_key && <Turnstile ref={challenge} siteKey={settings.turnstile_site_key} />}
        <Submit>{sales.submit}</Submit>
      </Form>
    </Card>
  )
}

function Message() {
  const { words } = useWords()
  const { faults } = useForm()
  return (
    <Textarea
      name="message"
      label={`${words.visitor.sales.message} (${words.shared.optional})`}
      error={faults.message}
      autosize
      minRows={4}
      maxRows={12}
      maxLength={5000}
    />
  )
}

/** The plan that somebody comes about. */
function AboutPlan() {
  const { words } = useWords()
  const asked = new URLSearchParams(location.search).get('plan')
  const { data: plans } = usePlans()
  const plan = plans?.find((plan) => plan.plan === asked)
  return plan ? <Text fw={600}>{words.visitor.sales.about(plan.display_name)}</Text> : null
}

function leadOf({ name = '', company = '', email = '', ...fields }: Fields, token: string | null) {
  const asked = new URLSearchParams(location.search)
  const plan = asked.get('plan')?.slice(0, 100)
  const { company_size, message, website } = fields
  return {
    name,
    company,
    email,
    ...(company_size && { company_size }),
    ...(message && { message }),
    ...(plan && { plan }),
    source: (asked.get('source') || 'talk-to-sales').slice(0, 100),
    attribution: attribution(),
    ...(website && { website }),
    ...(token && { turnstile_token: token }),
  }
}

function explain(
  thrown: unknown,
  { tooMany, challenge }: { tooMany: string; challenge: string },
): string | null {
  if (!(thrown instanceof FrontgateProblem)) return null
  if (thrown.code === 'too-many-requests') return tooMany
  const errors = (thrown.members.errors ?? []) as { pointer: string }[]
  return errors.some(({ pointer }) => pointer === '#/turnstile_token') ? challenge : null
}
