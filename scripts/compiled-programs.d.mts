/**
 * The compiled program of a source file of the project, as a path; null where it is none of ours, or cannot be written.
 * @param file from the project's folder, like `src/start.ts`
 */
export function compiledProgram(file: string, folder?: string): Promise<string | null>
