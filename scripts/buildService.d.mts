/** Leaves dist/ as src/ and sandbox/ say; what does not build leaves what was there before. */
export function ensureServiceBuilt(root: string): Promise<void>
