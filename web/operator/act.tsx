import { Button, type ButtonProps, Group, Modal, Stack, Text, Tooltip } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { Field, type Fields, Form, Submit } from '../forms/form.tsx'
import { useWords } from '../words/words.ts'
import { useSayOutcome } from './outcome.tsx'
import { type OperatorRole, useMay } from './useMay.ts'
import { said } from './words/words.ts'

interface ActProps<Result> {
  /** On the button that opens the dialog. */
  label: string
  /** The lowest role that may do it. Everybody else sees what it takes. */
  takes: OperatorRole
  title: string
  /** What will happen. */
  says: ReactNode
  /** On the button that does it. Default: `label`. */
  confirm?: string
  /** What is said when it is done. */
  done: string | ((result: Result) => string)
  /** Whether it takes something away. */
  isGrave?: boolean
  reason?: 'required' | 'optional' | 'none'
  run: (fields: Fields) => Promise<Result>
  /** What is shown this once, in place of the form. */
  reveal?: (result: Result) => ReactNode
  /** What is asked for besides the reason. */
  children?: ReactNode
  button?: ButtonProps
  /** Names what it is about, where several buttons say the same. */
  about?: string
}

/** Something that staff do: a button, a dialog that says what will happen and asks why, and word of what came of it. */
export function Act<Result>(props: ActProps<Result>) {
  const {
    label,
    takes,
    title,
    says,
    confirm = label,
    done,
    isGrave,
    reason = 'required',
    run,
    reveal,
    about,
  } = props
  const { words } = useWords()
  const [isOpen, { open, close }] = useDisclosure()
  const [shown, setShown] = useState<ReactNode>(null)
  const sayOutcome = useSayOutcome()
  const queries = useQueryClient()
  const act = useMutation({
    mutationFn: run,
    onSuccess: (result) => {
      void queries.invalidateQueries({ queryKey: ['operator'] })
      sayOutcome(typeof done === 'string' ? done : done(result))
      if (reveal) setShown(reveal(result))
      else close()
    },
  })
  // What it will reveal is said once: nobody may look away meanwhile.
  const closeUnlessPending = () => {
    if (!act.isPending) close()
  }
  const button = {
    variant: 'default',
    size: 'xs',
    'aria-label': about ? `${label}: ${about}` : undefined,
    ...props.button,
  }
  if (!useMay(takes)) {
    return (
      <Tooltip label={said.takesRole(said.roles[takes])}>
        <Button {...button} variant="default" data-disabled aria-disabled>
          {label}
        </Button>
      </Tooltip>
    )
  }
  return (
    <>
      <Button {...button} onClick={open}>
        {label}
      </Button>
      <Modal
        opened={isOpen}
        onClose={closeUnlessPending}
        title={title}
        closeButtonProps={{ 'aria-label': words.shared.close, disabled: act.isPending }}
        closeOnClickOutside={!shown}
        closeOnEscape={!shown}
        transitionProps={{ onExited: () => setShown(null) }}
      >
        {shown ? (
          <Stack>
            {shown}
            <Button variant="default" onClick={close} data-autofocus>
              {words.shared.close}
            </Button>
          </Stack>
        ) : (
          <Form onSubmit={(fields) => act.mutateAsync(fields)}>
            <Text fz="sm">{says}</Text>
            {props.children}
            {reason !== 'none' && (
              <Field
                name="reason"
                label={reason === 'required' ? said.reason : said.reasonOptional}
                description={said.reasonIsRead}
                required={reason === 'required'}
                maxLength={500}
                autoComplete="off"
                data-autofocus={props.children ? undefined : true}
              />
            )}
            <Group justify="flex-end" gap="xs">
              <Button variant="default" onClick={closeUnlessPending} disabled={act.isPending}>
                {words.shared.cancel}
              </Button>
              <Submit fullWidth={false} {...(isGrave && { color: 'red.9' })}>
                {confirm}
              </Submit>
            </Group>
          </Form>
        )}
      </Modal>
    </>
  )
}
