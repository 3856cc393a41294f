import { type components, unwrap } from '@frontgate/client'
import { Checkbox } from '@mantine/core'
import { Field } from '../forms/form.tsx'
import { Act } from './act.tsx'
import { Copyable } from './copyable.tsx'
import { Heading } from './heading.tsx'
import { Instant } from './instant.tsx'
import { Mark } from './mark.tsx'
import { operatorClient } from './operatorClient.ts'
import { serviceTime } from './operatorClock.ts'
import { PagedRows } from './pagedRows.tsx'
import { ShownOnce } from './shownOnce.tsx'
import { instantIn, UntilField } from './untilField.tsx'
import { usePages } from './usePages.ts'
import { said } from './words/words.ts'

type ProductKey = components['schemas']['ProductKey']
const { keys: texts } = said
const scopes = ['entitlements:read', 'usage:write'] as const

/** Keys with which a product's own servers ask for any account. */
export function ProductKeysPage() {
  const pages = usePages<ProductKey>(['product-keys'], async (page) =>
    unwrap(await operatorClient.api.GET('/v1/operator/product-keys', { params: { query: page } })),
  )
  return (
    <>
      <Heading title={said.places.productKeys} lead={texts.lead}>
        <MakeKey />
      </Heading>
      <PagedRows
        label={said.places.productKeys}
        pages={pages}
        keyOf={({ id }) => id}
        empty={texts.none}
        columns={[
          { head: texts.name, cell: ({ name }) => name },
          { head: texts.scopes, cell: ({ scopes }) => scopes.map((scope) => texts.scope[scope]).join(', ') },
          { head: texts.state, cell: (key) => <State productKey={key} /> },
          { head: texts.made, cell: ({ created_at: at }) => <Instant at={at} /> },
          {
            head: texts.used,
            cell: ({ last_used_at: at }) => (at ? <Instant at={at} /> : texts.neverUsed),
          },
          { head: texts.id, cell: ({ id }) => <Copyable value={id} isShort /> },
          {
            head: '',
            isAtEnd: true,
            cell: (key) => (key.revoked_at ? null : <RevokeKey productKey={key} />),
          },
        ]}
      />
    </>
  )
}

function State({ productKey: { revoked_at: revoked, expires_at: end } }: { productKey: ProductKey }) {
  if (revoked) {
    return (
      <>
        <Mark tone="bad">{texts.revoked}</Mark> <Instant at={revoked} />
      </>
    )
  }
  if (!end) return <Mark tone="good">{texts.good}</Mark>
  const isOver = new Date(end) <= serviceTime()
  return (
    <>
      <Mark tone={isOver ? 'bad' : 'good'}>{isOver ? texts.over : texts.goodUntil}</Mark> <Instant at={end} />
    </>
  )
}

function MakeKey() {
  return (
    <Act
      label={texts.make}
      takes="admin"
      title={texts.makeTitle}
      says={texts.makeSays}
      done={({ name }: { name: string }) => texts.madeDone(name)}
      reason="optional"
      button={{ variant: 'filled', size: 'sm' }}
      run={async (fields) => {
        const body = {
          name: fields.name ?? '',
          scopes: scopes.filter((scope) => fields[scope]),
          expires_at: instantIn(fields.expires_at),
          ...(fields.reason && { reason: fields.reason }),
        }
        return unwrap(await operatorClient.api.POST('/v1/operator/product-keys', { body }))
      }}
      reveal={({ key }) => <ShownOnce says={texts.shownOnce} secret={key} />}
    >
      <Field name="name" label={texts.name} required maxLength={100} autoComplete="off" data-autofocus />
      <Checkbox.Group label={texts.scopes} defaultValue={['entitlements:read']}>
        {scopes.map((scope) => (
          <Checkbox key={scope} name={scope} value={scope} label={texts.scope[scope]} mt="xs" />
        ))}
      </Checkbox.Group>
      <UntilField name="expires_at" label={texts.expires} days={[90, 365]} />
    </Act>
  )
}

function RevokeKey({ productKey: { id, name } }: { productKey: ProductKey }) {
  return (
    <Act
      label={texts.revoke}
      takes="admin"
      about={name}
      title={texts.revokeTitle(name)}
      says={texts.revokeSays}
      done={texts.revokedDone(name)}
      isGrave
      run={async ({ reason = '' }) =>
        unwrap(
          await operatorClient.api.DELETE('/v1/operator/product-keys/{id}', {
            params: { path: { id } },
            body: { reason },
          }),
        )
      }
    />
  )
}
