import { bilingual } from './bilingual.ts'

/** What a form has done. Each takes up to four values, in the order of `done(c, to, name, …values)`. */
export const NOTICE_TEXTS = bilingual(
  {
    paused: (name: string) => `已暂停「${name}」`,
    resumed: (name: string) => `已恢复「${name}」`,
    saved: (name: string) => `已保存「${name}」`,
    userAdded: (name: string) => `已添加成员「${name}」`,
    userDisabled: (name: string) => `已停用「${name}」`,
    userEnabled: (name: string) => `已重新启用「${name}」`,
    userRemoved: (name: string) => `已移除「${name}」`,
    passwordChanged: (name: string) => `已重设「${name}」的密码`,
    secondFactorReset: (name: string) => `已重置「${name}」的两步验证`,
    tokenRevoked: '令牌已吊销',
    keysRotated: '已用当前密钥重新加密',
    namespaceAccepted: '已接受当前的 Temporal 命名空间，缺少的培育正在重新开始',
    accountRemoved: (name: string) => `已移除「${name}」`,
    accountSaved: (name: string) => `已保存「${name}」的设置`,
  },
  {
    paused: (name: string) => `Paused “${name}”`,
    resumed: (name: string) => `Resumed “${name}”`,
    saved: (name: string) => `Saved “${name}”`,
    userAdded: (name: string) => `Added the user “${name}”`,
    userDisabled: (name: string) => `Disabled “${name}”`,
    userEnabled: (name: string) => `Enabled “${name}” again`,
    userRemoved: (name: string) => `Removed “${name}”`,
    passwordChanged: (name: string) => `Set a new password of “${name}”`,
    secondFactorReset: (name: string) => `Reset the second factor of “${name}”`,
    tokenRevoked: 'The token is revoked',
    keysRotated: 'Encrypted again with the current key',
    namespaceAccepted: 'The Temporal namespace is accepted. Missing runs are being started',
    accountRemoved: (name: string) => `Removed “${name}”`,
    accountSaved: (name: string) => `Saved the settings of “${name}”`,
  },
)
