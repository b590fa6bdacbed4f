import {
  Connection,
  type ConnectionOptions,
  defaultGrpcRetryOptions,
  makeGrpcRetryInterceptor,
} from '@temporalio/client'
import { GRPC_CANCELLED } from './grpc-status.ts'

type Interceptor = NonNullable<ConnectionOptions['interceptors']>[number]
type Call = ReturnType<Parameters<Interceptor>[1]>

/**
 * A connection that opens at its first call. A call that is tried again ends when the connection is closed.
 * Without interceptors of the options, calls are tried again as the client of Temporal does by default.
 * The client of Temporal would start the next attempt from a timer. On a closed channel that throws where nothing can catch it,
 * so it would end the process in the middle of its shutdown.
 */
export function lazyConnection(options: ConnectionOptions): Connection {
  let isClosed = false
  // Inside the interceptor that tries again, so that it is asked before each attempt.
  const refuseAfterClose: Interceptor = (call, nextCall) =>
    // Typed as the class, of which callers use the methods of the interface only.
    (isClosed ? endedCall() : nextCall(call)) as ReturnType<Interceptor>
  const { interceptors = [makeGrpcRetryInterceptor(defaultGrpcRetryOptions())] } = options
  const connection = Connection.lazy({ ...options, interceptors: [...interceptors, refuseAfterClose] })
  const close = connection.close.bind(connection)
  connection.close = () => {
    isClosed = true
    return close()
  }
  return connection
}

/** A call that ends at its start with a status that is not tried again. */
function endedCall(): Call {
  return {
    start(metadata, listener) {
      listener?.onReceiveMessage?.(null)
      listener?.onReceiveStatus?.({
        code: GRPC_CANCELLED,
        details: 'the connection to Temporal is closed',
        metadata,
      })
    },
    sendMessage() {},
    sendMessageWithContext() {},
    startRead() {},
    halfClose() {},
    cancelWithStatus() {},
    getAuthContext: () => null,
    getPeer: () => 'closed',
  }
}
