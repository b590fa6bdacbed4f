/** Why another user could have put code into a folder, or null. Removes the write access of others where this user owns it. */
export function closeCodeFolder(folder: string): string | null
/** Why another user could have changed a program file, or null. */
export function codeFileProblem(file: string): string | null
