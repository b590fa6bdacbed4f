import { describe, expect, it } from 'vitest'
import { PALETTES, type Token } from './tokens.ts'

/** WCAG 2.2, 1.4.3 and 1.4.11. */
const TEXT_CONTRAST = 4.5
const CONTROL_CONTRAST = 3

const GROUNDS = ['paper', 'surface', 'sunken'] as const
const INKS = ['ink', 'ink-2', 'ink-3', 'brand-ink', 'green-ink', 'amber-ink', 'red-ink'] as const
const HUES = ['brand', 'green', 'amber', 'red', 'violet', 'teal', 'rose'] as const

function pairs(): [front: Token, ground: Token, least: number][] {
  const onGrounds = GROUNDS.flatMap((ground) => INKS.map((ink) => [ink, ground, TEXT_CONTRAST] as const))
  const onSoft = HUES.flatMap((hue) =>
    ([`${hue}-ink`, 'ink', 'ink-2'] as const).map((ink) => [ink, `${hue}-soft`, TEXT_CONTRAST] as const),
  )
  const controls = (['control', 'focus'] as const).flatMap((c) =>
    (['paper', 'surface'] as const).map((ground) => [c, ground, CONTROL_CONTRAST] as const),
  )
  const buttons = [
    ['on-brand', 'brand', TEXT_CONTRAST],
    ['on-brand', 'brand-hover', TEXT_CONTRAST],
  ] as const
  return [...onGrounds, ...onSoft, ...controls, ...buttons].map(([a, b, least]) => [a, b, least])
}

describe.each(['light', 'dark'] as const)('the %s theme', (theme) => {
  const palette = PALETTES[theme]
  it.each(pairs())('has enough contrast of %s on %s', (front, ground, least) => {
    expect(contrast(palette[front], palette[ground])).toBeGreaterThanOrEqual(least)
  })
})

/** https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio */
function contrast(a: string, b: string): number {
  const [light = 0, dark = 0] = [luminance(a), luminance(b)].sort((x, y) => y - x)
  return (light + 0.05) / (dark + 0.05)
}

function luminance(colour: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5]
    .map((at) => Number.parseInt(colour.slice(at, at + 2), 16) / 255)
    .map((x) => (x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4))
  return 0.2126 * r + 0.7152 * g + 0.0722 * b
}
