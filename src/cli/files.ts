import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { callerFolder } from '../config.ts'
import { Failure } from './command.ts'

/** A file that the user named: relative to where the command was typed, also below `npm run`. */
export function userPath(file: string): string {
  const here = resolve(file)
  return existsSync(here) ? here : resolve(callerFolder(), file)
}

/** @throws Failure naming the file */
export function readUserFile(file: string): Buffer {
  try {
    return readFileSync(userPath(file))
  } catch (err) {
    const code = (err as NodeJS.ErrnoException).code
    throw new Failure(
      `${file} cannot be read${code === 'ENOENT' ? ': there is no such file' : ` (${code})`}.`,
    )
  }
}

/** All that is piped in. */
export async function standardInput(): Promise<string> {
  const parts: Buffer[] = []
  for await (const part of process.stdin) parts.push(part as Buffer)
  return Buffer.concat(parts).toString('utf8')
}
