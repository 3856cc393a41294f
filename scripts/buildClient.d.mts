/** Leaves client/dist as client/src says; one that does not compile leaves what was there before. */
export function ensureClientBuilt(root: string): Promise<void>
