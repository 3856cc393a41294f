import { chooseLanguage, formatLimit, formatMoney, nameInWords } from '@frontgate/client/react'
import { Group, Skeleton, Text } from '@mantine/core'
import { Failed } from '../shell/failed.tsx'
import { useWords } from '../words/words.ts'
import { Copyable } from './copyable.tsx'
import { Heading } from './heading.tsx'
import { Instant } from './instant.tsx'
import { Mark } from './mark.tsx'
import { Rows } from './rows.tsx'
import { Nothing, Section } from './section.tsx'
import { type Catalogue, useCatalogue } from './useCatalogue.ts'
import { said } from './words/words.ts'

const { catalogue: texts } = said

/** What is for sale and what it opens, as the database has it. It is changed in its file. */
export function CataloguePage() {
  const { data: catalogue, error, refetch } = useCatalogue()
  if (error && !catalogue) return <Failed error={error} reset={() => void refetch()} />
  return (
    <>
      <Heading
        title={said.places.catalogue}
        lead={
          catalogue && (
            <>
              {texts.version(catalogue.version)}
              {catalogue.applied_at && (
                <>
                  {' · '}
                  {texts.applied} <Instant at={catalogue.applied_at} />
                </>
              )}
              <br />
              {texts.lead}
            </>
          )
        }
      />
      {catalogue ? (
        <>
          <Plans catalogue={catalogue} />
          <Features catalogue={catalogue} />
          <Prices catalogue={catalogue} />
        </>
      ) : (
        <Skeleton h={320} />
      )}
    </>
  )
}

function Plans({ catalogue }: { catalogue: Catalogue }) {
  const { locale } = useWords()
  const language = chooseLanguage([locale])
  return (
    <Section title={texts.plans}>
      <Rows
        label={texts.plans}
        rows={catalogue.plans}
        keyOf={({ plan }) => plan}
        columns={[
          {
            head: texts.plan,
            cell: ({ plan, display_name: name }) => (
              <>
                {name}{' '}
                <Text component="code" span fz="sm" c="dimmed" fw={400}>
                  {plan}
                </Text>
              </>
            ),
          },
          {
            head: texts.price,
            cell: ({ month, year, currency, per_seat: isPerSeat, contact_sales: isAsked }) => {
              const amounts = [
                month !== null &&
                  currency &&
                  `${formatMoney(month, currency, locale)} / ${said.intervals.month}`,
                year !== null &&
                  currency &&
                  `${formatMoney(year, currency, locale)} / ${said.intervals.year}`,
              ].filter(Boolean)
              if (amounts.length === 0) return isAsked ? texts.bySales : null
              return `${amounts.join(', ')}${isPerSeat ? ` ${texts.perSeat}` : ''}`
            },
          },
          {
            head: texts.limits,
            cell: ({ limits }) => (
              <Text fz="sm">
                {Object.entries(limits)
                  .map(([name, limit]) => `${nameInWords(name)}: ${formatLimit(limit, language)}`)
                  .join(' · ')}
              </Text>
            ),
          },
          {
            head: texts.features,
            cell: ({ features }) =>
              Object.entries(features)
                .filter(([, isOn]) => isOn)
                .map(([name]) => nameInWords(name))
                .join(', ') || null,
          },
          {
            head: texts.notes,
            cell: (plan) => (
              <Group gap={6}>
                <Mark tone={plan.public ? 'good' : 'quiet'}>
                  {plan.public ? texts.public : texts.private}
                </Mark>
                {plan.seats && <Mark tone="quiet">{texts.seats[plan.seats]}</Mark>}
                {plan.pin_limits && <Mark tone="quiet">{texts.pinned}</Mark>}
              </Group>
            ),
          },
        ]}
      />
    </Section>
  )
}

function Features({ catalogue: { features } }: { catalogue: Catalogue }) {
  return (
    <Section title={texts.features}>
      {features.length === 0 ? (
        <Nothing>{texts.noFeatures}</Nothing>
      ) : (
        <Rows
          label={texts.features}
          rows={features}
          keyOf={({ name }) => name}
          columns={[
            { head: texts.feature, cell: ({ name }) => <code>{name}</code> },
            { head: texts.description, cell: ({ description }) => description || null },
            {
              head: texts.state,
              cell: ({ enabled }) =>
                enabled ? <Mark tone="good">{texts.enabled}</Mark> : <Mark tone="bad">{texts.disabled}</Mark>,
            },
            {
              head: texts.default,
              cell: (feature) => (feature.default ? said.overrides.on : said.overrides.off),
            },
          ]}
        />
      )}
    </Section>
  )
}

function Prices({ catalogue: { prices } }: { catalogue: Catalogue }) {
  const { locale } = useWords()
  return (
    <Section title={texts.prices} lead={texts.pricesLead}>
      {prices.length === 0 ? (
        <Nothing>{texts.noPrices}</Nothing>
      ) : (
        <Rows
          label={texts.prices}
          rows={prices}
          keyOf={({ stripe_price_id: id }) => id}
          columns={[
            { head: texts.id, cell: ({ stripe_price_id: id }) => <Copyable value={id} /> },
            {
              head: texts.plan,
              cell: ({ plan, interval }) => `${plan} / ${said.intervals[interval]}`,
            },
            { head: texts.price, cell: ({ amount, currency }) => formatMoney(amount, currency, locale) },
            { head: texts.since, cell: ({ created_at: at }) => <Instant at={at} /> },
            {
              head: texts.state,
              cell: ({ retired_at: at }) =>
                at ? (
                  <>
                    {texts.retired} <Instant at={at} />
                  </>
                ) : (
                  <Mark tone="good">{texts.sold}</Mark>
                ),
            },
          ]}
        />
      )}
    </Section>
  )
}
