import { type components, unwrap } from '@frontgate/client'
import { Select, Text } from '@mantine/core'
import { Field, useForm } from '../forms/form.tsx'
import { useWords } from '../words/words.ts'
import { Act } from './act.tsx'
import { Heading } from './heading.tsx'
import { Instant } from './instant.tsx'
import { Mark } from './mark.tsx'
import { operatorClient } from './operatorClient.ts'
import { PagedRows } from './pagedRows.tsx'
import { type OperatorRole, operatorRoles, useMay } from './useMay.ts'
import { useOperator } from './useOperator.ts'
import { usePages } from './usePages.ts'
import { said } from './words/words.ts'

type Operator = components['schemas']['Operator']
const { operators: texts } = said
const { api } = operatorClient

/** Who the operators are and what they may; for admins among them. */
export function OperatorsPage() {
  if (!useMay('admin')) {
    return <Heading title={said.places.operators} lead={said.takesRole(said.roles.admin)} />
  }
  return <Operators />
}

function Operators() {
  const { operator: me } = useOperator()
  const pages = usePages<Operator>(['operators'], async (page) =>
    unwrap(await api.GET('/v1/operator/operators', { params: { query: page } })),
  )
  return (
    <>
      <Heading title={said.places.operators} lead={texts.lead}>
        <Add />
      </Heading>
      <PagedRows
        label={said.places.operators}
        pages={pages}
        keyOf={({ id }) => id}
        empty={texts.none}
        columns={[
          {
            head: texts.who,
            cell: ({ id, email }) => (
              <>
                {email}{' '}
                {id === me?.id && (
                  <Text span fz="sm" c="dimmed" fw={400}>
                    {texts.you}
                  </Text>
                )}
              </>
            ),
          },
          { head: texts.role, cell: ({ role }) => said.roles[role] },
          {
            head: texts.factor,
            cell: ({ second_factor: has }) => (
              <Mark tone={has ? 'good' : 'busy'}>{has ? texts.hasFactor : texts.noFactor}</Mark>
            ),
          },
          {
            head: texts.signedIn,
            cell: ({ last_signed_in_at: at }) => (at ? <Instant at={at} /> : texts.notLately),
          },
          {
            head: '',
            isAtEnd: true,
            cell: (operator) => <Acts operator={operator} />,
          },
        ]}
      />
    </>
  )
}

function Add() {
  return (
    <Act
      label={texts.add}
      takes="admin"
      title={texts.addTitle}
      says={texts.addSays}
      done={({ email }: Operator) => texts.added(email)}
      button={{ variant: 'filled', size: 'sm' }}
      run={async ({ email = '', role, reason = '' }) =>
        unwrap(await api.POST('/v1/operator/operators', { body: { email, role: roleIn(role), reason } }))
      }
    >
      <Field name="email" type="email" label={texts.address} autoComplete="off" required data-autofocus />
      <ChooseRole current="read" />
    </Act>
  )
}

function Acts({ operator: { id, email, role, second_factor: hasFactor } }: { operator: Operator }) {
  const params = { path: { id } }
  return (
    <>
      <Act
        label={texts.change}
        about={email}
        takes="admin"
        title={texts.changeTitle(email)}
        says={texts.changeSays}
        done={texts.changed(email)}
        run={async (fields) => {
          const body = { role: roleIn(fields.role), reason: fields.reason ?? '' }
          const changed = unwrap(await api.PATCH('/v1/operator/operators/{id}', { params, body }))
          // It may have been their own.
          await operatorClient.refresh()
          return changed
        }}
      >
        <ChooseRole current={role} />
      </Act>{' '}
      {hasFactor && (
        <>
          <Act
            label={texts.reset}
            about={email}
            takes="admin"
            title={texts.resetTitle(email)}
            says={texts.resetSays}
            done={texts.resetDone(email)}
            isGrave
            run={async ({ reason = '' }) =>
              unwrap(
                await api.POST('/v1/operator/operators/{id}/reset-factors', { params, body: { reason } }),
              )
            }
          />{' '}
        </>
      )}
      <Act
        label={texts.remove}
        about={email}
        takes="admin"
        title={texts.removeTitle(email)}
        says={texts.removeSays}
        done={texts.removed(email)}
        isGrave
        run={async ({ reason = '' }) =>
          unwrap(await api.DELETE('/v1/operator/operators/{id}', { params, body: { reason } }))
        }
      />
    </>
  )
}

function ChooseRole({ current }: { current: OperatorRole }) {
  const { faults } = useForm()
  const { words } = useWords()
  return (
    <Select
      name="role"
      label={texts.role}
      description={texts.roleHint}
      data={operatorRoles.map((value) => ({ value, label: said.roles[value] }))}
      defaultValue={current}
      allowDeselect={false}
      error={faults.role}
      comboboxProps={{ withinPortal: false }}
      clearButtonProps={{ 'aria-label': words.shared.close }}
    />
  )
}

const roleIn = (text: string | undefined) => operatorRoles.find((role) => role === text) ?? 'read'
