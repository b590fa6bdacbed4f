// The script of the pages of accounts.
import { generateSecrets } from './generate-secrets.ts'

generateSecrets()
