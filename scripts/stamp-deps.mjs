// Says that `npm ci --omit=dev`, which an image's build ran itself, installed what is needed. See ensure-deps.mjs.
import { stampDeps } from './ensure-deps.mjs'

stampDeps()
