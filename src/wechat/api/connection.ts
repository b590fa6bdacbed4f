import { Agent, buildConnector, type Dispatcher } from 'undici'

/** Ends a call before its request left: DNS, TCP or TLS. */
export class NotConnected extends Error {
  override name = 'NotConnected'
}

/**
 * Node tries the addresses of a name one after the other, and gives up each of them but the last after 250 ms, however long
 * the connection may take (https://github.com/nodejs/node/issues/54359): a slow handshake then fails at every address. Half of
 * the time lets the first family be slow, and leaves time for the other where the first leads nowhere.
 */
export function slowHandshakes(connectTimeoutMs: number) {
  return { autoSelectFamily: true, autoSelectFamilyAttemptTimeout: Math.floor(connectTimeoutMs / 2) }
}

/**
 * Marks what goes wrong while connecting: the codes alone cannot tell it from a connection lost later (ECONNRESET).
 * @param connectTimeoutMs name look-up, TCP and TLS together
 */
export function createDispatcher(connectTimeoutMs: number): Dispatcher {
  const connector = buildConnector({ timeout: connectTimeoutMs, ...slowHandshakes(connectTimeoutMs) })
  return new Agent({
    connect: (to, done) =>
      connector(to, (err, socket) =>
        err ? done(new NotConnected('no connection', { cause: err }), null) : done(null, socket),
      ),
    // A connection idle for longer may be closed by the other side just as a request leaves: unclear for nothing.
    keepAliveTimeout: 4_000,
    connections: 64,
  })
}
