#!/usr/bin/env node
// Replaces `docker compose` where `npm run cluster` runs the stack without containers, so that backup.sh and
// restore.sh work unchanged. It supports the commands that they use: stop, start, restart, up, run and exec.
import { spawn } from 'node:child_process'
import { request } from 'node:http'
import { dirname, join } from 'node:path'

const OPTIONS_WITH_VALUE = ['--project-directory', '-f', '--file', '--profile']
const folder = dirname(dirname(process.argv[1]))

/** The arguments after `compose` and its options. */
function commandOf([compose, ...args]) {
  if (compose !== 'compose') fail(`only \`docker compose\` is supported, not \`docker ${compose ?? ''}\``)
  while (args[0]?.startsWith('-')) args.splice(0, OPTIONS_WITH_VALUE.includes(args[0]) ? 2 : 1)
  return args
}

function fail(message) {
  process.stderr.write(`docker (stand-in): ${message}\n`)
  process.exit(2)
}

/** Sends a command to `npm run cluster`, which runs the stack. */
function sendCommand(command) {
  return new Promise((resolve) => {
    const sent = request(
      { socketPath: join(folder, 'control.sock'), method: 'POST', path: '/' },
      async (response) => {
        let text = ''
        for await (const chunk of response) text += chunk
        if (response.statusCode !== 200) fail(text)
        resolve(JSON.parse(text))
      },
    )
    sent.on('error', (err) =>
      fail(`no stack runs in ${folder} (${err.message}). Start it with npm run cluster`),
    )
    sent.end(JSON.stringify(command))
  })
}

const [verb, ...rest] = commandOf(process.argv.slice(2))
while (rest[0]?.startsWith('-')) rest.shift()
if (verb === 'exec') {
  const [service, program, ...args] = rest
  const { env, cwd } = await sendCommand(['exec', service])
  const child = spawn(program, args, { env, cwd, stdio: 'inherit' })
  child.on('error', (err) => fail(err.message))
  child.on('exit', (code) => process.exit(code ?? 1))
} else await sendCommand([verb, ...rest])
