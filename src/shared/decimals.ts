/**
 * The exact sum of decimal numbers such as `12.50`, rounded once to the nearest number. Adding numbers themselves would round each time.
 * @param texts as PostgreSQL writes a finite `numeric`: a sign, digits and a point
 * @throws SyntaxError for another text
 */
export function sumDecimals(texts: readonly string[]): number {
  const parts = texts.map((text) => text.split('.') as [string, string?])
  const places = Math.max(0, ...parts.map(([, fraction = '']) => fraction.length))
  const sum = parts.reduce(
    (n, [whole, fraction = '']) => n + BigInt(whole + fraction.padEnd(places, '0')),
    0n,
  )
  return Number(`${sum}e-${places}`)
}
