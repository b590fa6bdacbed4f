import { Option } from '@commander-js/extra-typings'
import { CommandError } from './cli-command.ts'
import { readUserSecret, standardInput } from './user-files.ts'

/** Passwords are not arguments: every user of the machine can see arguments, and shells keep them in their history. */
export const passwordFileOption = new Option(
  '--password-file <file>',
  'File with the password; - reads standard input (default: prompt for it)',
)

/** The password from a file, from a pipe, or typed twice. @throws CommandError */
export async function readPassword(file: string | undefined): Promise<string> {
  if (file !== undefined && file !== '-') return oneLine(await readUserSecret(file))
  if (file === '-' || !process.stdin.isTTY) return oneLine(await standardInput())
  const password = await promptHidden('Password: ')
  if ((await promptHidden('Repeat password: ')) !== password)
    throw new CommandError('The two passwords differ.')
  return password
}

function oneLine(text: string): string {
  const password = text.replace(/\r?\n$/, '')
  if (password === '' || /[\r\n]/.test(password))
    throw new CommandError(
      'The password must be exactly one line, in the file of --password-file or on standard input.',
    )
  return password
}

const END_OF_LINE = new Set(['\r', '\n', '\u0004'])
const ERASE = new Set(['\u007f', '\b'])

/** Reads a line from the terminal without echo. @throws CommandError on Ctrl-C */
function promptHidden(question: string): Promise<string> {
  const { stdin, stderr } = process
  stderr.write(question)
  stdin.setRawMode(true)
  stdin.setEncoding('utf8')
  stdin.resume()
  return new Promise((resolve, reject) => {
    const typed: string[] = []
    const end = (then: () => void) => {
      stdin.off('data', onData)
      stdin.setRawMode(false)
      stdin.pause()
      stderr.write('\n')
      then()
    }
    const onData = (text: string) => {
      for (const char of text) {
        if (char === '\u0003') return end(() => reject(new CommandError('Interrupted. Nothing was changed.')))
        if (END_OF_LINE.has(char)) return end(() => resolve(typed.join('')))
        if (ERASE.has(char)) typed.pop()
        else if (char >= ' ') typed.push(char)
      }
    }
    stdin.on('data', onData)
  })
}
