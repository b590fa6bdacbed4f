import { fork } from 'node:child_process'
import { type Server, Server as TcpServer } from 'node:net'
import { fileURLToPath } from 'node:url'

/** New connections per turn of the event loop. With turns of 100 ms this keeps up with 1,000 connections a second. */
const LISTEN_HANDLES = 128
const COPY_TIMEOUT_MS = 5_000
const copyProgram = fileURLToPath(new URL('./copy-listen-handle.cjs', import.meta.url))

/**
 * Adds more listening handles to the socket of a server. Node accepts one new connection per turn of the event loop and
 * handle (libuv 1.45 and newer). Under load a turn is long, and new connections would wait for seconds. Node 20 can
 * duplicate a handle only by sending it to another process and back. That process gets the bare handle: a `Server` would
 * accept connections there, which would end with the process. A failure is not an error: the server works without.
 * @returns closes the extra handles
 */
export function addExtraListeners(server: Server): Promise<() => void> {
  return new Promise((resolve) => {
    const listeners: TcpServer[] = []
    const child = fork(copyProgram, { stdio: ['ignore', 'ignore', 'ignore', 'ipc'], execArgv: [] })
    const timeout = setTimeout(() => child.kill('SIGKILL'), COPY_TIMEOUT_MS)
    const done = () => {
      clearTimeout(timeout)
      resolve(() => {
        for (const listener of listeners) listener.close()
      })
    }
    child.on('message', (_, handle) => {
      if (!handle) return
      const listener = new TcpServer((socket) => server.emit('connection', socket))
      listeners.push(listener.listen(handle))
    })
    child.once('error', done)
    child.once('close', done)
    child.send(LISTEN_HANDLES - 1, bareHandleOf(server), () => {})
  })
}

/** The internal handle that a server listens on. Node has no public name for it. */
function bareHandleOf(server: Server): Server {
  return (server as Server & { _handle: Server })._handle
}
