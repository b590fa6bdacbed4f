/** The settings of the bench’s services. Its process sends nothing, so WeChat has no address. */
export const SERVICE_CONFIG = {
  wechatApiBase: 'http://127.0.0.1:9',
  callbackMaxAgeMs: 600_000,
  retentionDays: 30,
  runRetentionDays: 90,
}

export const STORE_KEY = 'test-encryption-key-of-the-bench'

export const ADMIN_TOKEN = 'test-admin-token'
