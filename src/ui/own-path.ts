/** Browsers read `//` and `/\` as another host, and `\` as `/`. */
const OWN_PATH = /^\/(?!\/)[\x21-\x5b\x5d-\x7e]*$/

/** Whether an address is a path of this server, which leads to no other site. */
export const isOwnPath = (path: string): boolean => OWN_PATH.test(path)
