import { type components, unwrap } from '@frontgate/client'
import { formatMoney } from '@frontgate/client/react'
import { Anchor, Badge, Button, Group, Skeleton, Table, Text } from '@mantine/core'
import { useInfiniteQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { client } from '../client.ts'
import { Failed } from '../shell/failed.tsx'
import { useWords } from '../words/words.ts'
import { Section } from './section.tsx'

type Invoice = components['schemas']['Invoice']

const PER_PAGE = 10

/** The invoices of the account as Stripe has them, the newest first, some at a time. */
function useInvoices(isAsked: boolean) {
  return useInfiniteQuery({
    queryKey: ['invoices'],
    queryFn: async ({ pageParam }) => {
      const query = { limit: PER_PAGE, ...(pageParam && { cursor: pageParam }) }
      return unwrap(await client.api.GET('/v1/billing/invoices', { params: { query } }))
    },
    initialPageParam: '',
    getNextPageParam: ({ next_cursor }) => next_cursor,
    enabled: isAsked,
  })
}

/** Stripe's page of the invoice that waits for its payment, if one does. */
export function useUnpaidInvoice(isAsked: boolean): string | null {
  const { data } = useInvoices(isAsked)
  return data?.pages[0]?.data.find(({ status, page }) => status === 'open' && page)?.page ?? null
}

/** What was paid, and what is to be paid. `isOnDemand`: Stripe is not asked before somebody wants to know. */
export function Invoices({ isOnDemand }: { isOnDemand: boolean }) {
  const { words } = useWords()
  const [isWanted, setWanted] = useState(!isOnDemand)
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useInvoices(isWanted)
  const invoices = data?.pages.flatMap((page) => page.data)
  return (
    <Section title={words.billing.invoices}>
      {!isWanted && (
        <Group>
          <Button variant="default" onClick={() => setWanted(true)}>
            {words.billing.showInvoices}
          </Button>
        </Group>
      )}
      {isWanted && !invoices && !error && <Skeleton h={120} />}
      {error && !invoices && <Failed error={error} reset={() => void refetch()} />}
      {invoices?.length === 0 && <Text c="dimmed">{words.billing.noInvoices}</Text>}
      {invoices && invoices.length > 0 && <InvoiceTable invoices={invoices} />}
      {hasNextPage && (
        <Group>
          <Button variant="default" loading={isFetchingNextPage} onClick={() => void fetchNextPage()}>
            {words.shared.more}
          </Button>
        </Group>
      )}
    </Section>
  )
}

const colorOf: Record<string, string> = { paid: 'green', open: 'red' }

function InvoiceTable({ invoices }: { invoices: Invoice[] }) {
  const { words, locale } = useWords()
  const said = words.billing.invoice
  const write = new Intl.DateTimeFormat(locale, { dateStyle: 'medium' })
  return (
    <Table verticalSpacing="sm" horizontalSpacing={0}>
      <Table.Thead>
        <Table.Tr>
          <Table.Th scope="col">{said.date}</Table.Th>
          <Table.Th scope="col" visibleFrom="xs">
            {said.number}
          </Table.Th>
          <Table.Th scope="col">{said.amount}</Table.Th>
          <Table.Th scope="col" visibleFrom="xs">
            {said.status}
          </Table.Th>
          <Table.Td />
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {invoices.map((invoice) => {
          const { id, number, status, currency, total, created_at, page, pdf } = invoice
          const name = number ?? write.format(new Date(created_at))
          const isOpen = status === 'open'
          const badge = (
            <Badge variant="dot" color={colorOf[status] ?? 'gray'} tt="none">
              {said.statuses[status] ?? status}
            </Badge>
          )
          return (
            <Table.Tr key={id}>
              <Table.Td>
                {write.format(new Date(created_at))}
                <Text hiddenFrom="xs" component="div">
                  {badge}
                </Text>
              </Table.Td>
              <Table.Td visibleFrom="xs">{number}</Table.Td>
              <Table.Td>{formatMoney(total, currency, locale)}</Table.Td>
              <Table.Td visibleFrom="xs">{badge}</Table.Td>
              <Table.Td>
                <Group gap="md" justify="flex-end" wrap="nowrap">
                  {page && (
                    <Anchor
                      href={page}
                      inherit
                      aria-label={isOpen ? said.payNamed(name) : said.openNamed(name)}
                      {...(isOpen && { fw: 600 })}
                    >
                      {isOpen ? said.pay : said.open}
                    </Anchor>
                  )}
                  {pdf && (
                    <Anchor href={pdf} inherit aria-label={said.pdfNamed(name)}>
                      {said.pdf}
                    </Anchor>
                  )}
                </Group>
              </Table.Td>
            </Table.Tr>
          )
        })}
      </Table.Tbody>
    </Table>
  )
}
