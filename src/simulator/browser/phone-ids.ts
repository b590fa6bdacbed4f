/** The first phone has the plain ids, so that scripts of tests and users find its parts. */
export const idIn = (index: number, name: string) => (index === 0 ? name : `${name}-${index + 1}`)
