import { Button, Group, Modal, Stack } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { useWords } from '../words/words.ts'
import { Fault } from './fault.tsx'

interface ConfirmDialogProps {
  title: string
  /** What is going to happen. */
  children: ReactNode
  submit: string
  isDangerous?: boolean
  /** Does it. What it throws is said, and the dialog stays. */
  onConfirm: () => Promise<unknown>
  onClose: () => void
}

/** Says what is going to happen, before it does. */
export function ConfirmDialog(props: ConfirmDialogProps) {
  const { title, children, submit, isDangerous = false, onConfirm, onClose } = props
  const { words } = useWords()
  const confirm = useMutation({ mutationFn: onConfirm, onSuccess: onClose })
  return (
    <Modal
      opened
      onClose={onClose}
      title={title}
      centered
      closeButtonProps={{ 'aria-label': words.shared.close }}
    >
      <Stack gap="md">
        <div>{children}</div>
        <Fault error={confirm.error} />
        <Group justify="flex-end" gap="sm">
          <Button variant="default" onClick={onClose} data-autofocus>
            {words.shared.cancel}
          </Button>
          <Button
            {...(isDangerous && { color: 'red.9' })}
            loading={confirm.isPending}
            onClick={() => confirm.mutate()}
          >
            {submit}
          </Button>
        </Group>
      </Stack>
    </Modal>
  )
}
