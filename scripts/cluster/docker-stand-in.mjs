#!/usr/bin/env node
// Stands in for `docker compose` where `npm run cluster` runs the stack without containers, so that backup.sh and
// restore.sh are the same there. Knows what they need: stop, start, restart, up, run and exec of services.
import { spawn } from 'node:child_process'
import { request } from 'node:http'
import { dirname, join } from 'node:path'

const OPTIONS_WITH_VALUE = ['--project-directory', '-f', '--file', '--profile']
const folder = dirname(dirname(process.argv[1]))

/** The words after `compose` and its options. */
function wordsOf([compose, ...args]) {
  if (compose !== 'compose') fail(`only \`docker compose\` is known here, not ${compose ?? 'nothing'}`)
  while (args[0]?.startsWith('-')) args.splice(0, OPTIONS_WITH_VALUE.includes(args[0]) ? 2 : 1)
  return args
}

function fail(message) {
  process.stderr.write(`docker (stand-in): ${message}\n`)
  process.exit(2)
}

/** Asks the program that runs the stack. */
function ask(words) {
  return new Promise((resolve) => {
    const asking = request(
      { socketPath: join(folder, 'control.sock'), method: 'POST', path: '/' },
      async (answer) => {
        let text = ''
        for await (const chunk of answer) text += chunk
        if (answer.statusCode !== 200) fail(text)
        resolve(JSON.parse(text))
      },
    )
    asking.on('error', (err) => fail(`no stack runs in ${folder} (${err.message})`))
    asking.end(JSON.stringify(words))
  })
}

const [verb, ...rest] = wordsOf(process.argv.slice(2))
while (rest[0]?.startsWith('-')) rest.shift()
if (verb === 'exec') {
  const [service, program, ...args] = rest
  const { env, cwd } = await ask(['exec', service])
  const child = spawn(program, args, { env, cwd, stdio: 'inherit' })
  child.on('error', (err) => fail(err.message))
  child.on('exit', (code) => process.exit(code ?? 1))
} else await ask([verb, ...rest])
