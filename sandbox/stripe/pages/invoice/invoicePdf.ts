import type { Invoice } from '../../billing/shapes.ts'
import type { World } from '../../world.ts'
import { day, money } from '../words.ts'
import { sumsOf } from './sums.ts'
import { type PdfLine, writePdf } from './writePdf.ts'

/** An invoice as a PDF, marked as one of the sandbox. */
export function invoicePdf(world: World, invoice: Invoice): Buffer {
  const { currency, number, customer_name, customer_email, lines, status } = invoice
  const row = (text: string, amount: number): PdfLine => ({ text, right: money(amount, currency) })
  return writePdf(`Invoice ${number}`, [
    { text: `Invoice ${number}`, size: 20 },
    { text: 'Test mode: no real money. Made by a stand-in for Stripe.' },
    { text: '' },
    { text: `To: ${[customer_name, customer_email].filter(Boolean).join(', ')}` },
    { text: `Date: ${day(invoice.created)}` },
    { text: `Status: ${status}` },
    { text: '' },
    ...lines.data.flatMap(({ description, period, amount }) => [
      row(description ?? '', amount),
      { text: `${day(period.start)} - ${day(period.end)}`, size: 8 },
    ]),
    { text: '' },
    ...sumsOf(world, invoice).map(({ name, amount }) => row(name, amount)),
  ])
}
