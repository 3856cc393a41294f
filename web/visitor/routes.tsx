import type { AnyRoute } from '@tanstack/react-router'
import { page } from '../shell/page.ts'

/** What anybody may open. */
export function visitorRoutes(parent: () => AnyRoute): AnyRoute[] {
  return [
    page(parent, '/', () => import('./startPage.tsx'), 'StartPage'),
    page(parent, '/pricing', () => import('./pricingPage.tsx'), 'PricingPage'),
    page(parent, '/sign-up', () => import('./signUpPage.tsx'), 'SignUpPage'),
    page(parent, '/check-mail', () => import('./checkMailPage.tsx'), 'CheckMailPage'),
    page(parent, '/sign-in', () => import('./signInPage.tsx'), 'SignInPage'),
    page(parent, '/sign-in/second-factor', () => import('./secondFactorPage.tsx'), 'SecondFactorPage'),
    page(parent, '/forgot-password', () => import('./forgotPasswordPage.tsx'), 'ForgotPasswordPage'),
    page(parent, '/verify-email', () => import('./verifyEmailPage.tsx'), 'VerifyEmailPage'),
    page(parent, '/reset-password', () => import('./resetPasswordPage.tsx'), 'ResetPasswordPage'),
    page(parent, '/set-password', () => import('./setPasswordPage.tsx'), 'SetPasswordPage'),
    page(
      parent,
      '/confirm-email-change',
      () => import('./confirmEmailChangePage.tsx'),
      'ConfirmEmailChangePage',
    ),
    page(parent, '/undo-email-change', () => import('./undoEmailChangePage.tsx'), 'UndoEmailChangePage'),
    page(parent, '/accept-invite', () => import('./acceptInvitePage.tsx'), 'AcceptInvitePage'),
    page(parent, '/talk-to-sales', () => import('./talkToSalesPage.tsx'), 'TalkToSalesPage'),
  ]
}
