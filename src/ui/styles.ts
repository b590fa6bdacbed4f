import { readFileSync } from 'node:fs'
import { TOKEN_CSS } from './tokens.ts'

/** Every page has these: controls, frame and content. In the order of the cascade. */
export const BASE_STYLES = ['base', 'forms'] as const
/** Parts of pages. */
type PartStyle = 'bubble' | 'grant-meter' | 'charts'

/** The style sheet of a shared part. */
export const styleOf = (name: (typeof BASE_STYLES)[number] | PartStyle): string =>
  readFileSync(new URL(`./assets/${name}.css`, import.meta.url), 'utf8')

/** The colours of both themes and the styles that every page has. */
export const baseStyles = (): string => [TOKEN_CSS, ...BASE_STYLES.map(styleOf)].join('\n')

/** The product's mark, for the tab of a browser. */
export const iconSvg = (): string => readFileSync(new URL('./assets/icon.svg', import.meta.url), 'utf8')
