/** Why code in a folder could be another user's, or null; what others may write in a folder of ours is closed. */
export function closeCodeFolder(folder: string): string | null
/** Why a file that is going to be run could be another user's, or null. */
export function codeFileProblem(file: string): string | null
