/** A digest of the code under `folder` (this project) that a bundle is made from. */
export function sourcesDigest(folder?: string): string
