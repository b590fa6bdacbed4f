import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { callerFolder } from '../config/config.ts'
import { readUtf8 } from '../shared/utf8.ts'
import { CommandError } from './cli-command.ts'

/** A file that the user named: relative to where the command was typed, also below `npm run`. */
export function userPath(file: string): string {
  const here = resolve(file)
  return existsSync(here) ? here : resolve(callerFolder(), file)
}

/** @throws CommandError naming the file */
export function readUserFile(file: string): Buffer {
  try {
    return readFileSync(userPath(file))
  } catch (err) {
    const code = (err as NodeJS.ErrnoException).code
    throw new CommandError(
      `${file} cannot be read${code === 'ENOENT' ? ': there is no such file' : ` (${code})`}.`,
    )
  }
}

/**
 * A text file that the user named, in UTF-8 with or without a byte order mark.
 * @throws CommandError naming the file, and what to do when it is in another encoding
 */
export function readUserText(file: string): string {
  return textOf(file, readUserFile(file), true)
}

/** A secret from a file, or from standard input by `-`: no error quotes it. @throws CommandError */
export async function readUserSecret(file: string): Promise<string> {
  return file === '-' ? standardInput() : textOf(file, readUserFile(file), false)
}

/** All that is piped in, which may be a secret. @throws CommandError */
export async function standardInput(): Promise<string> {
  const parts: Buffer[] = []
  for await (const part of process.stdin) parts.push(part as Buffer)
  return textOf('Standard input', Buffer.concat(parts), false)
}

function textOf(name: string, bytes: Buffer, show: boolean): string {
  const read = readUtf8(bytes, { show })
  if (!read.ok) throw new CommandError(`${name} ${read.message}`)
  return read.text
}
