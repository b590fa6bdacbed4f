import { existsSync } from 'node:fs'
import { open, rename, rm } from 'node:fs/promises'
import { resolve } from 'node:path'
import { Option } from '@commander-js/extra-typings'
import { callerFolder } from '../config/config.ts'
import { CommandError, type Output, type Terminal } from './cli-command.ts'

export const outOption = new Option('--out <file>', 'Write to this file instead of standard output')
export const forceOption = new Option('--force', 'Replace the file if it exists')

/** Where a download goes. */
export interface Destination {
  /** Absent: to standard output. */
  out?: string | undefined
  force?: true | undefined
  /** Whether only the user of this command may read the file. */
  isPrivate?: boolean
}

/**
 * Writes a download part by part. A file gets its name when it is complete, so that a part is not taken for the whole.
 * @returns the number of lines
 * @throws CommandError when the file exists, or cannot be written
 */
export async function saveDownload(
  terminal: Terminal,
  parts: AsyncIterable<Uint8Array>,
  { out, force, isPrivate = false }: Destination,
): Promise<number> {
  if (out === undefined) return printParts(terminal, parts)
  const file = resolve(callerFolder(), out)
  if (existsSync(file) && !force)
    throw new CommandError(`${out} exists already. Choose another name, or replace it with --force.`)
  try {
    return await saveParts(parts, file, isPrivate)
  } catch (err) {
    const { code } = err as NodeJS.ErrnoException
    if (!code || err instanceof CommandError) throw err
    throw new CommandError(`${out} cannot be written (${code}).`)
  }
}

/** What a command says that has written a file, or its result to standard output. */
export function savedFile(file: string | undefined, more: Record<string, number>): Output {
  if (file === undefined) return { value: null, text: '', isPrinted: true }
  const counts = Object.entries(more).map(([name, n]) => `${n} ${name}`)
  return { value: { file, ...more }, text: [file, ...counts].join(': ') }
}

async function printParts(terminal: Terminal, parts: AsyncIterable<Uint8Array>): Promise<number> {
  // A byte order mark belongs to the file.
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
  let lines = 0
  for await (const part of parts) {
    lines += linesIn(part)
    try {
      await terminal.write(decoder.decode(part, { stream: true }))
    } catch (err) {
      // The reader, like `head`, has enough.
      if ((err as NodeJS.ErrnoException).code === 'EPIPE') break
      throw err
    }
  }
  return lines
}

async function saveParts(
  parts: AsyncIterable<Uint8Array>,
  file: string,
  isPrivate: boolean,
): Promise<number> {
  const incomplete = `${file}.part`
  let lines = 0
  try {
    const handle = await open(incomplete, 'w', isPrivate ? 0o600 : 0o666)
    try {
      // The mode above is only that of a new file.
      if (isPrivate) await handle.chmod(0o600)
      for await (const part of parts) {
        lines += linesIn(part)
        await handle.writeFile(part)
      }
    } finally {
      await handle.close()
    }
    await rename(incomplete, file)
  } catch (err) {
    await rm(incomplete, { force: true })
    throw err
  }
  return lines
}

function linesIn(part: Uint8Array): number {
  let lines = 0
  for (const byte of part) if (byte === 0x0a) lines += 1
  return lines
}
