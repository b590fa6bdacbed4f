/** Two texts beside each other. Lines with text that the other one lacks are marked. */
export function bothTexts(
  own: { title: string; text: string },
  other: { title: string; text: string },
): HTMLElement {
  const [ownLines, otherLines] = [own.text.split('\n'), other.text.split('\n')]
  const pair = document.createElement('div')
  pair.className = 'field-pair'
  pair.append(lines(own.title, ownLines, otherLines), lines(other.title, otherLines, ownLines))
  const both = document.createElement('div')
  both.className = 'conflict'
  both.append(pair)
  return both
}

function lines(title: string, shown: readonly string[], others: readonly string[]): HTMLElement {
  const known = new Set(others)
  const heading = document.createElement('h3')
  heading.textContent = title
  const text = document.createElement('pre')
  text.translate = false
  for (const line of shown) {
    if (known.has(line) || line === '') text.append(`${line}\n`)
    else {
      const mark = document.createElement('mark')
      mark.textContent = line
      text.append(mark, '\n')
    }
  }
  const section = document.createElement('section')
  section.append(heading, text)
  return section
}
