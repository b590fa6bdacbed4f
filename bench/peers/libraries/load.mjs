/** Imports a library of this folder. The exports of a CommonJS module are named exports too. */
export async function load(name) {
  const module = await import(name)
  return { ...module.default, ...module }
}
