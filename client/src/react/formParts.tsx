import { type ReactElement, type ReactNode, useId } from 'react'

interface FieldProps {
  name: string
  label: string
  type?: 'text' | 'email' | 'password'
  autoComplete: string
  hint?: string | undefined
  fault?: string | undefined
  required?: boolean
  note?: string
  defaultValue?: string | undefined
  readOnly?: boolean
  beside?: ReactNode
}

/** A field with its label, and what is wrong with it said beside it. */
export function Field(props: FieldProps): ReactElement {
  const { name, label, type = 'text', autoComplete, hint, fault, required = false, note } = props
  const id = useId()
  const said = [hint && `${id}-hint`, fault && `${id}-fault`].filter(Boolean).join(' ')
  return (
    <div className="frontgate-field">
      <label htmlFor={id}>
        {label}
        {note && <span className="frontgate-note"> ({note})</span>}
      </label>
      <input
        id={id}
        name={name}
        type={type}
        autoComplete={autoComplete}
        defaultValue={props.defaultValue}
        readOnly={props.readOnly}
        aria-required={required}
        aria-invalid={fault ? true : undefined}
        aria-describedby={said || undefined}
        {...(type === 'email' && { inputMode: 'email', autoCapitalize: 'none', spellCheck: false })}
      />
      {props.beside}
      {hint && !fault && (
        <p className="frontgate-hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      {fault && (
        <p className="frontgate-fault" id={`${id}-fault`}>
          {fault}
        </p>
      )}
    </div>
  )
}

/** What came of something, read out when it changes. It is there from the start: a region that appears is not read. */
export function Outcome({ kind, children }: { kind: 'fault' | 'done'; children: ReactNode }): ReactElement {
  return (
    <div className="frontgate-outcome" role={kind === 'fault' ? 'alert' : 'status'}>
      {children && (
        <p className={kind === 'fault' ? 'frontgate-notice frontgate-is-fault' : 'frontgate-notice'}>
          {children}
        </p>
      )}
    </div>
  )
}

/** Something is on its way. */
export function Waiting({ says }: { says: string }): ReactElement {
  return (
    <p className="frontgate-waiting" role="status">
      {says}
    </p>
  )
}
