import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { connect } from 'node:net'

/** A TCP port on which a program listens, as reported by the kernel. */
export interface ListeningPort {
  port: number
  /** Whether the port is bound to a loopback address. */
  isLoopback: boolean
}

const LISTEN = '0A'
const SILENCE_MS = 5_000

/** The ports on which the descendants of a process listen. Linux only. */
export function listeningPorts(pid: number): ListeningPort[] {
  const inodes = new Set(descendantsOf(pid).flatMap(socketsOf))
  return ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((table) =>
    read(table)
      .split('\n')
      .slice(1)
      .flatMap((line) => {
        const [, local = '', , state, , , , , , inode = ''] = line.trim().split(/\s+/)
        if (state !== LISTEN || !inodes.has(inode)) return []
        const [address = '', port = ''] = local.split(':')
        // 127.0.0.1 and ::1 in host byte order.
        const isLoopback = address === '0100007F' || address === '00000000000000000000000001000000'
        return [{ port: Number.parseInt(port, 16), isLoopback }]
      }),
  )
}

/** The status line with which a port of 127.0.0.1 answers a browser's request; '' when it does not speak HTTP. */
export function httpStatusLine(port: number, request: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    let received = ''
    const finish = () => {
      socket.destroy()
      resolve(/^HTTP\/1[^\r\n]*/.exec(received)?.[0] ?? '')
    }
    socket.setTimeout(SILENCE_MS, finish)
    socket.on('data', (chunk) => {
      received += chunk.toString('latin1')
      if (received.includes('\n')) finish()
    })
    socket.on('error', finish).on('close', finish)
    socket.end(request)
  })
}

function descendantsOf(pid: number): number[] {
  const parents = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => {
      const stat = read(`/proc/${name}/stat`)
      return { pid: Number(name), parent: Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) }
    })
  const childrenOf = (parent: number): number[] =>
    parents.filter((p) => p.parent === parent).flatMap((p) => [p.pid, ...childrenOf(p.pid)])
  return childrenOf(pid)
}

function socketsOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
      try {
        return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1] ?? []
      } catch {
        return []
      }
    })
  } catch {
    return []
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
