// The protocol of test/interop/sdk-harness.ts, and a callback server's plumbing, for both Node harnesses.
const { createServer } = require('node:http')
const { createInterface } = require('node:readline')

/** Answers each line of JSON on standard input with one on standard output. */
exports.answerLines = (calls, operations) => {
  const all = { ...operations, ...calls, operations: () => Object.keys(operations).sort() }
  createInterface({ input: process.stdin })
    .on('line', async (line) => {
      const { id, call, args } = JSON.parse(line)
      let answer
      try {
        if (!all[call]) throw new Error(`no call ${call}`)
        answer = { value: (await all[call](args)) ?? null }
      } catch (err) {
        answer = { error: { errcode: err.errcode ?? err.code ?? null, message: String(err.message) } }
      }
      process.stdout.write(`${JSON.stringify({ id, ...answer })}\n`)
    })
    .on('close', () => process.exit(0))
}

/** Serves callbacks on a free port: `answer` gets method, path, query and body, and gives status and text. */
exports.serveCallbacks = async (answer) => {
  const server = createServer(async (request, response) => {
    const chunks = []
    for await (const chunk of request) chunks.push(chunk)
    const url = new URL(request.url, 'http://127.0.0.1')
    try {
      const { status, text } = await answer({
        request,
        method: request.method,
        path: url.pathname,
        query: Object.fromEntries(url.searchParams),
        body: Buffer.concat(chunks).toString('utf8'),
      })
      response.writeHead(status).end(text)
    } catch (err) {
      response.writeHead(500).end(String(err))
    }
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { url: `http://127.0.0.1:${server.address().port}` }
}

/** The fields of flat XML, as callbacks have it. */
exports.wrapXml = (fields) =>
  `<xml>${Object.entries(fields)
    .map(([name, value]) => `<${name}><![CDATA[${value}]]></${name}>`)
    .join('')}</xml>`
