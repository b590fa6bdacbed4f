import fc from 'fast-check'

const odd = fc.constantFrom<unknown>(
  null,
  '',
  '0',
  'ok',
  true,
  0,
  -1,
  1.5,
  1e308,
  Number.MAX_SAFE_INTEGER + 1,
  [],
  {},
  [null],
  [[]],
  `\u0000x`,
  `\ud83dx`,
  undefined,
)

/** The paths of everything inside. */
function paths(x: unknown, at: string[] = []): string[][] {
  if (typeof x !== 'object' || x === null) return []
  return Object.entries(x).flatMap(([key, value]) => [[...at, key], ...paths(value, [...at, key])])
}

/** The same with something else at `path`; `undefined` takes the field away. */
function withAt(x: unknown, [key, ...rest]: string[], value: unknown): unknown {
  if (key === undefined) return value
  const copy: Record<string, unknown> = Array.isArray(x) ? ([...x] as never) : { ...(x as object) }
  copy[key] = withAt(copy[key], rest, value)
  return copy
}

/** Bodies of answers to a call whose right answer is `good`: most are not what WeChat would answer. */
export function badAnswers(good: object): fc.Arbitrary<string> {
  const changed = fc
    .tuple(fc.constantFrom(...paths(good)), odd)
    .map(([path, value]) => JSON.stringify(withAt(good, path, value)))
  const coded = fc
    .tuple(odd, odd)
    .map(([errcode, errmsg]) => JSON.stringify({ ...good, errcode, errmsg: errmsg ?? { toString: 1 } }))
  const cut = fc.nat(JSON.stringify(good).length).map((n) => JSON.stringify(good).slice(0, n))
  const page = fc.constantFrom(
    '',
    ' ',
    '<html>sign in</html>',
    'ok',
    '\ufeff{}',
    '[',
    `${'['.repeat(50_000)}`,
  )
  return fc.oneof({ weight: 4, arbitrary: changed }, coded, cut, page, fc.json())
}
