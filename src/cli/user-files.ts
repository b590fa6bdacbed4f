import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { callerFolder } from '../config/config.ts'
import { readUtf8 } from '../shared/utf8.ts'
import { CommandError } from './cli-command.ts'

/** Resolves a file name against the folder in which the command was typed; `npm run` changes the working folder. */
export function userPath(file: string): string {
  const here = resolve(file)
  return existsSync(here) ? here : resolve(callerFolder(), file)
}

/** @throws CommandError with the file name */
export function readUserFile(file: string): Buffer {
  try {
    return readFileSync(userPath(file))
  } catch (err) {
    const code = (err as NodeJS.ErrnoException).code
    if (code === 'EISDIR') throw new CommandError(`${file} is a folder. Give the name of a file.`)
    throw new CommandError(
      `${file} cannot be read${code === 'ENOENT' ? ': the file does not exist' : ` (${code})`}.`,
    )
  }
}

/**
 * Reads a text file in UTF-8, with or without a byte order mark.
 * @throws CommandError with the file name; for another encoding, also with what to do
 */
export function readUserText(file: string): string {
  return textOf(file, readUserFile(file), true)
}

/** Reads a secret from a file, or from standard input for `-`. No error quotes it. @throws CommandError */
export async function readUserSecret(file: string): Promise<string> {
  return file === '-' ? standardInput() : textOf(file, readUserFile(file), false)
}

/** Reads standard input, which may be a secret. @throws CommandError */
export async function standardInput(): Promise<string> {
  const parts: Buffer[] = []
  for await (const part of process.stdin) parts.push(part as Buffer)
  return textOf('Standard input', Buffer.concat(parts), false)
}

function textOf(name: string, bytes: Buffer, mayQuote: boolean): string {
  const read = readUtf8(bytes, { show: mayQuote })
  if (!read.ok) throw new CommandError(`${name} ${read.message}`)
  return read.text
}
