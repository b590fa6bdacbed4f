/** Describes why a text is not JSON. The parser's own message would quote the text, which may have secrets. */
export function describeJsonError(text: string): string {
  if (text.trim() === '') return 'The body is not valid JSON: it is empty.'
  try {
    JSON.parse(text)
  } catch (err) {
    const message = String(err)
    const position = /at position (\d+)(?: \(line \d+ column \d+\))?$/.exec(message)?.[1]
    if (position ? Number(position) >= text.length : /end of JSON input$/.test(message))
      return `The body is not valid JSON: it ends after character ${text.length}, before the value is complete.`
    if (position) return `The body is not valid JSON: it has an error at character ${Number(position) + 1}.`
  }
  return 'The body is not valid JSON.'
}
