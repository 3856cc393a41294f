import type { Access } from '../access/access.ts'
import type { App } from '../app.ts'
import type { Server } from '../http/server.ts'
import { emailChangeRoutes } from './emailChange/emailChangeRoutes.ts'
import { mailboxRoutes } from './mailboxRoutes.ts'
import { linkedIdentityRoutes } from './oauth/identityRoutes.ts'
import { passwordRoutes } from './passwordRoutes.ts'
import { factorRoutes } from './secondFactor/factorRoutes.ts'
import { secondStepRoutes } from './secondFactor/signInRoutes.ts'
import { sessionRoutes } from './sessionRoutes.ts'
import { signInRoutes } from './signInRoutes.ts'
import { userRoutes } from './userRoutes.ts'

/** Signing in and out, second factors, passwords, verification, changes of address, sessions, and the user with what they sign in with. */
export function identityRoutes(server: Server, app: App, access: Access): void {
  signInRoutes(server, app, access)
  secondStepRoutes(server, app, access)
  sessionRoutes(server, app, access)
  mailboxRoutes(server, app, access)
  passwordRoutes(server, app, access)
  emailChangeRoutes(server, app, access)
  userRoutes(server, app, access)
  linkedIdentityRoutes(server, app, access)
  factorRoutes(server, app, access)
}
