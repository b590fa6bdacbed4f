import fc from 'fast-check'
import { PROPERTY_RUNS } from '../harness/property-runs.ts'

// For the properties that state no number of their own. `npm test` tries fast-check's 100 cases of them.
fc.configureGlobal({ numRuns: PROPERTY_RUNS })
