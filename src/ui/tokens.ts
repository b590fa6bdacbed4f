/** The colours of both themes. */
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

/** WeChat's own chat, and the phone around it. */
const CHAT_LIGHT = {
  'chat-ground': '#ededed',
  'chat-in': '#ffffff',
  'chat-out': '#95ec69',
  'chat-text': '#191919',
  'chat-out-text': '#191919',
  'chat-quiet': '#5f5f5f',
  'chat-line': '#e2e2e2',
  'chat-link': '#44588a',
  'chat-now': '#a9241c',
  'chat-picture': '#dfe7f2',
  'chat-picture-ink': '#48658f',
  'phone-case': '#22262f',
  'phone-bar': '#ededed',
  'phone-field': '#ffffff',
  'phone-rule': '#d9d9d9',
}
const CHAT_DARK: Record<keyof typeof CHAT_LIGHT, string> = {
  'chat-ground': '#111111',
  'chat-in': '#2c2c2c',
  'chat-out': '#3eb575',
  'chat-text': '#dedede',
  'chat-out-text': '#0a0a0a',
  'chat-quiet': '#a3a3a3',
  'chat-line': '#454545',
  'chat-link': '#9db1d6',
  'chat-now': '#f59d92',
  'chat-picture': '#2d3a50',
  'chat-picture-ink': '#a9bddd',
  'phone-case': '#3a404d',
  'phone-bar': '#191919',
  'phone-field': '#2c2c2c',
  'phone-rule': '#333333',
}

const declarations = (palette: Readonly<Record<string, string>>) =>
  Object.entries(palette)
    .map(([name, colour]) => `--${name}:${colour}`)
    .join(';')

/** Declarations for both themes. Without a choice of the reader, the browser decides. */
const themes = (light: string, dark: string) => [
  `:root{${light}}`,
  `@media (prefers-color-scheme:dark){:root:not([data-theme=light]){${dark}}}`,
  `:root[data-theme=dark]{${dark}}`,
]

/** The custom properties of both themes. */
export const TOKEN_CSS = [
  ...themes(`color-scheme:light;${declarations(LIGHT)}`, `color-scheme:dark;${declarations(DARK)}`),
  ...themes(declarations(CHAT_LIGHT), declarations(CHAT_DARK)),
].join('\n')
