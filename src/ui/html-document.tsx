import { raw } from 'hono/html'
import type { Child } from 'hono/jsx'
import type { Language } from './bilingual.ts'
import type { Theme } from './preferences.ts'

/** The document of a page: its language, appearance, name and style sheet. `head` has what else the page loads. */
export const HtmlDocument = (props: {
  language: Language
  theme: Theme
  title: string
  stylesheet: string
  head?: Child
  children?: Child
}) => {
  const { language, theme, title, stylesheet, head, children } = props
  return (
    <>
      {raw('<!DOCTYPE html>')}
      <html
        lang={language === 'zh' ? 'zh-CN' : 'en'}
        {...(theme === 'system' ? {} : { 'data-theme': theme })}
      >
        <head>
          <meta charset="utf-8" />
          <meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover" />
          <title>{title}</title>
          <link rel="icon" href="/assets/icon.svg" />
          <link rel="stylesheet" href={stylesheet} />
          {head}
        </head>
        {children}
      </html>
    </>
  )
}
