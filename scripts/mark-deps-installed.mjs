// Says that `npm ci --omit=dev`, which an image's build ran itself, installed what is needed. See ensure-deps.mjs.
import { markDepsInstalled } from './ensure-deps.mjs'

markDepsInstalled()
