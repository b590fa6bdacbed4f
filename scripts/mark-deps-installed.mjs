// Records that the build of an image has installed the dependencies with `npm ci --omit=dev`. See ensure-deps.mjs.
import { markDepsInstalled } from './ensure-deps.mjs'

markDepsInstalled()
