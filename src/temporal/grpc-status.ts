/** gRPC status codes that the product handles: https://grpc.io/docs/guides/status-codes/ */
export const GRPC_CANCELLED = 1
export const GRPC_NOT_FOUND = 5
export const GRPC_ALREADY_EXISTS = 6

/** The gRPC status code of an error; -1 when it has none. */
export function grpcCodeOf(err: unknown): number {
  const { code } = err as { code?: unknown }
  return typeof code === 'number' ? code : -1
}
