/** Leaves web/dist as web/ says; what does not build leaves what was there before. */
export function ensurePagesBuilt(root: string): Promise<void>
