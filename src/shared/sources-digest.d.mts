/** A digest of the code under `folder` (default: this project) that a bundle is built from. */
export function sourcesDigest(folder?: string): string
