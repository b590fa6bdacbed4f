/** The colours of both themes. WeChat's own chat has its own. */
const LIGHT = {
  paper: '#f6f5f1',
  surface: '#ffffff',
  sunken: '#f1efe9',
  line: '#e6e3db',
  'line-2': '#d5d1c6',
  control: '#918c80',
  ink: '#1b2030',
  'ink-2': '#454b5c',
  'ink-3': '#636977',
  brand: '#2b4a7f',
  'brand-hover': '#1f3862',
  'on-brand': '#ffffff',
  'brand-soft': '#e8edf6',
  'brand-ink': '#23406f',
  focus: '#2f6bd0',
  green: '#07c160',
  'green-ink': '#086b3b',
  'green-soft': '#e3f4ea',
  amber: '#d18a0b',
  'amber-ink': '#825000',
  'amber-soft': '#fbf1dc',
  red: '#cf4136',
  'red-ink': '#a9241c',
  'red-soft': '#fbeae7',
  violet: '#7d6bd0',
  'violet-ink': '#55449b',
  'violet-soft': '#efecf9',
  teal: '#1f98a3',
  'teal-ink': '#0a626b',
  'teal-soft': '#e1f2f3',
  rose: '#c2528a',
  'rose-ink': '#963063',
  'rose-soft': '#f9e9f1',
  plot: '#5977b0',
  leaf: '#46a37b',
}
export type Token = keyof typeof LIGHT

const DARK: Record<Token, string> = {
  paper: '#11141b',
  surface: '#191d26',
  sunken: '#141820',
  line: '#2a303d',
  'line-2': '#3b4252',
  control: '#717a8d',
  ink: '#e9ebf1',
  'ink-2': '#bcc2cf',
  'ink-3': '#959dae',
  brand: '#456fbe',
  'brand-hover': '#3b62ac',
  'on-brand': '#ffffff',
  'brand-soft': '#1f2b43',
  'brand-ink': '#a9c2f2',
  focus: '#7aa5f5',
  green: '#12b765',
  'green-ink': '#5fd69b',
  'green-soft': '#143022',
  amber: '#d3952a',
  'amber-ink': '#ecbd6c',
  'amber-soft': '#2d2616',
  red: '#dd5c4b',
  'red-ink': '#f59d92',
  'red-soft': '#36211f',
  violet: '#8f7fdc',
  'violet-ink': '#bfb5f4',
  'violet-soft': '#2a2545',
  teal: '#38acb6',
  'teal-ink': '#80d3da',
  'teal-soft': '#123138',
  rose: '#d1709f',
  'rose-ink': '#f0a9cb',
  'rose-soft': '#3b1f2f',
  plot: '#6d90d3',
  leaf: '#3fa67c',
}

export const PALETTES = { light: LIGHT, dark: DARK } as const

const declarations = (palette: Record<Token, string>) =>
  Object.entries(palette)
    .map(([name, colour]) => `--${name}:${colour}`)
    .join(';')

/** The custom properties of both themes. Without a choice of the reader, the browser decides. */
export const TOKEN_CSS = [
  `:root{color-scheme:light;${declarations(LIGHT)}}`,
  `@media (prefers-color-scheme:dark){:root:not([data-theme=light]){color-scheme:dark;${declarations(DARK)}}}`,
  `:root[data-theme=dark]{color-scheme:dark;${declarations(DARK)}}`,
].join('\n')
