/** The folder of package.json. This file stays directly below it, in sources as in what is built of them. */
export const packageRoot = new URL('../', import.meta.url)
