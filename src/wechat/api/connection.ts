import { Agent, buildConnector, type Dispatcher } from 'undici'

/** A call failed before its request was sent: DNS, TCP or TLS. */
export class NotConnected extends Error {
  override name = 'NotConnected'
}

/**
 * Connection options for slow networks. Node tries a name's addresses one after the other and abandons each but the last
 * after 250 ms, so a slow handshake fails at every address (https://github.com/nodejs/node/issues/54359). Half of the time
 * limit allows a slow first address, and leaves time for the next one.
 */
export function slowHandshakes(connectTimeoutMs: number) {
  return { autoSelectFamily: true, autoSelectFamilyAttemptTimeout: Math.floor(connectTimeoutMs / 2) }
}

/**
 * Creates a dispatcher that reports a failed connection as NotConnected. The error code alone does not distinguish it from
 * a connection that is lost later (ECONNRESET).
 * @param connectTimeoutMs time for DNS, TCP and TLS together, ms
 */
export function createDispatcher(connectTimeoutMs: number): Dispatcher {
  const connector = buildConnector({ timeout: connectTimeoutMs, ...slowHandshakes(connectTimeoutMs) })
  return new Agent({
    connect: (to, done) =>
      connector(to, (err, socket) =>
        err ? done(new NotConnected('no connection', { cause: err }), null) : done(null, socket),
      ),
    // WeChat may close a connection that is idle for longer just when a request is sent, which would be unclear.
    keepAliveTimeout: 4_000,
    connections: 64,
  })
}
