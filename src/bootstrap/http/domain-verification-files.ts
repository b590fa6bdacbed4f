import { lstatSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Hono } from 'hono'

/** An account's `MP_verify_….txt`, or the platform's name of letters and digits. */
const NAME = /^(MP_verify_[A-Za-z0-9_-]{1,64}|[A-Za-z0-9]{8,64})\.txt$/
/** WeChat's files hold one short line. A longer file is not one of them. */
const MAX_BYTES = 4096

/**
 * Serves WeChat's domain verification files at the root of the site: `folder/MP_verify_….txt` as `/MP_verify_….txt`. Each
 * request reads the folder, so that a new file works at once. The folder need not exist.
 */
export function createDomainVerificationFiles(folder: string): Hono {
  const app = new Hono()
  app.get('/:name{[A-Za-z0-9_-]+\\.txt}', async (c, next) => {
    const content = read(c.req.param('name'))
    if (content === null) return next()
    return c.body(content, 200, {
      'content-type': 'text/plain; charset=utf-8',
      'x-content-type-options': 'nosniff',
    })
  })
  return app

  function read(name: string): string | null {
    if (!NAME.test(name)) return null
    try {
      // The name must match exactly, also where the file system ignores case.
      if (!readdirSync(folder).includes(name)) return null
      const path = join(folder, name)
      const file = lstatSync(path)
      return file.isFile() && file.size <= MAX_BYTES ? readFileSync(path, 'utf8') : null
    } catch {
      return null
    }
  }
}
