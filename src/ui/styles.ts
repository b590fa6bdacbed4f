import { readFileSync } from 'node:fs'
import { TOKEN_CSS } from './tokens.ts'

/** Controls, frame and content, then parts of pages. In the order of the cascade. */
const SHARED = ['base', 'forms', 'bubble', 'grant-meter', 'charts'] as const

const read = (file: string): string => readFileSync(new URL(`./assets/${file}`, import.meta.url), 'utf8')

/** The colours of both themes and the styles that the console and the simulator share. */
export const sharedStyles = (): string => [TOKEN_CSS, ...SHARED.map((name) => read(`${name}.css`))].join('\n')

/** The product's mark, for the tab of a browser. */
export const iconSvg = (): string => read('icon.svg')
