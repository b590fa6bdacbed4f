import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A span as a collector gets it by OTLP in JSON. */
export interface CollectedSpan {
  name: string
  kind: number
  traceId: string
  spanId: string
  parentSpanId?: string
  links?: { traceId: string; spanId: string }[]
  attributes: Record<string, unknown>
  status: { code?: number; message?: string }
  startTimeUnixNano: string
  endTimeUnixNano: string
}

/** A collector that keeps what it is sent. */
export interface Collector {
  url: string
  /** All of it, as it came over the wire. */
  bodies: Buffer[]
  headers: IncomingHttpHeaders[]
  /** Of the bodies that are JSON. */
  spans(): CollectedSpan[]
  /** What the resources say. */
  resource(): Record<string, unknown>
  close(): Promise<void>
}

interface Attribute {
  key: string
  value: { stringValue?: string; intValue?: number | string; doubleValue?: number; boolValue?: boolean }
}
type WireSpan = Omit<CollectedSpan, 'attributes'> & { attributes?: Attribute[] }
interface Wire {
  resourceSpans: { resource: { attributes: Attribute[] }; scopeSpans: { spans: WireSpan[] }[] }[]
}

/** Starts one on a free port of this machine. */
export async function startCollector(): Promise<Collector> {
  const bodies: Buffer[] = []
  const headers: IncomingHttpHeaders[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk) => chunks.push(chunk))
    request.on('end', () => {
      bodies.push(Buffer.concat(chunks))
      headers.push(request.headers)
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const read = () =>
    bodies
      .filter((body) => body[0] === 0x7b)
      .flatMap((body) => (JSON.parse(body.toString()) as Wire).resourceSpans)
  return {
    url: `http://127.0.0.1:${port}`,
    bodies,
    headers,
    spans: () =>
      read()
        .flatMap((r) => r.scopeSpans.flatMap((s) => s.spans))
        .map((span) => ({ ...span, attributes: plain(span.attributes ?? []) })),
    resource: () => plain(read().flatMap((r) => r.resource.attributes)),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function plain(attributes: Attribute[]): Record<string, unknown> {
  return Object.fromEntries(
    attributes.map(({ key, value: v }) => [
      key,
      v.stringValue ??
        v.boolValue ??
        v.doubleValue ??
        (v.intValue === undefined ? undefined : Number(v.intValue)),
    ]),
  )
}
