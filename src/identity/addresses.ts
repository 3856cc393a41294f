// Addresses are the platform's to read: also people who are no users have one.
export { normaliseAddress } from '../mail/addresses.ts'
