import { Modal, type ModalProps, Text } from '@mantine/core'
import { useWords } from '../words/words.ts'

/** A dialog: what has `data-autofocus` takes the focus, which goes back to where it was when the dialog is closed. */
export function Dialog({ title, ...props }: ModalProps & { title: string }) {
  const { words } = useWords()
  return (
    <Modal
      {...props}
      centered
      title={
        <Text span fz="lg" fw={650}>
          {title}
        </Text>
      }
      closeButtonProps={{ 'aria-label': words.shared.close }}
    />
  )
}
